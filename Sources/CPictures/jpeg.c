#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "pictures.h"

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf escape;
  char *message;
} errors;

static void failed(j_common_ptr decoder) {
  errors *state = (errors *)decoder->err;
  char text[JMSG_LENGTH_MAX];
  decoder->err->format_message(decoder, text);
  strncpy(state->message, text, MNG_PICTURE_MESSAGE - 1);
  state->message[MNG_PICTURE_MESSAGE - 1] = 0;
  longjmp(state->escape, 1);
}

static void warned(j_common_ptr decoder, int level) {
  // A decoder that runs out of data invents grey; we would rather say so.
  if (level < 0 && decoder->err->msg_code == JWRN_HIT_MARKER) failed(decoder);
}

static void nothing(j_decompress_ptr decoder) { (void)decoder; }

static boolean ended(j_decompress_ptr decoder) {
  ERREXIT(decoder, JERR_INPUT_EOF);
  return FALSE;
}

static void skip(j_decompress_ptr decoder, long count) {
  struct jpeg_source_mgr *source = decoder->src;
  if (count <= 0) return;
  if ((size_t)count > source->bytes_in_buffer) ERREXIT(decoder, JERR_INPUT_EOF);
  source->next_input_byte += count;
  source->bytes_in_buffer -= (size_t)count;
}

// Reads the header, and with `rgb` the pixels.
static int read_jpeg(
  const uint8_t *data, size_t count, mng_picture_size *size, uint8_t *rgb, char *message
) {
  struct jpeg_decompress_struct decoder;
  errors state;
  memset(&decoder, 0, sizeof decoder);
  decoder.err = jpeg_std_error(&state.base);
  state.base.error_exit = failed;
  state.base.emit_message = warned;
  state.message = message;
  if (setjmp(state.escape)) {
    jpeg_destroy_decompress(&decoder);
    return 1;
  }
  jpeg_create_decompress(&decoder);
  struct jpeg_source_mgr source = {
    .next_input_byte = data, .bytes_in_buffer = count, .init_source = nothing,
    .fill_input_buffer = ended, .skip_input_data = skip,
    .resync_to_restart = jpeg_resync_to_restart, .term_source = nothing,
  };
  decoder.src = &source;
  jpeg_read_header(&decoder, TRUE);
  if (decoder.num_components != 1 && decoder.num_components != 3) {
    strcpy(message, "a picture in four colours (CMYK)");
    jpeg_destroy_decompress(&decoder);
    return 2;
  }
  if (rgb == NULL) {
    size->width = decoder.image_width;
    size->height = decoder.image_height;
  } else {
    decoder.out_color_space = JCS_RGB;
    jpeg_start_decompress(&decoder);
    if (decoder.output_width != size->width || decoder.output_height != size->height)
      ERREXIT(&decoder, JERR_BAD_CROP_SPEC);
    while (decoder.output_scanline < decoder.output_height) {
      JSAMPROW row = rgb + (size_t)decoder.output_scanline * decoder.output_width * 3;
      jpeg_read_scanlines(&decoder, &row, 1);
    }
    // What follows the last row may be cut off; the picture is whole.
  }
  jpeg_destroy_decompress(&decoder);
  return 0;
}

int mng_jpeg_size(const uint8_t *data, size_t count, mng_picture_size *size, char *message) {
  return read_jpeg(data, count, size, NULL, message);
}

int mng_jpeg_decode(
  const uint8_t *data, size_t count, mng_picture_size size, uint8_t *rgb, char *message
) {
  return read_jpeg(data, count, &size, rgb, message);
}
