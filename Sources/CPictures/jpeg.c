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

// A progressive picture may come in as many scans as it likes, each a pass over all its pixels.
static void progressed(j_common_ptr decoder) {
  enum { MOST_SCANS = 100 };
  if (((j_decompress_ptr)decoder)->input_scan_number <= MOST_SCANS) return;
  errors *state = (errors *)decoder->err;
  snprintf(state->message, MNG_PICTURE_MESSAGE, "more than %d scans", MOST_SCANS);
  longjmp(state->escape, 1);
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

// Inks are stored as what they leave white, as Adobe has them: rgb = what an ink leaves, times what black leaves, in
// PIL's rounding.
static void rgb_of_inks(const uint8_t *inks, uint8_t *rgb, size_t width) {
  for (size_t x = 0; x < width; x++, inks += 4, rgb += 3) {
    const int white = inks[3];
    for (int channel = 0; channel < 3; channel++) {
      const int product = (255 - inks[channel]) * white + 128;
      rgb[channel] = (uint8_t)(white - ((product + (product >> 8)) >> 8));
    }
  }
}

// Reads the header, and with `rgb` the pixels.
static int read_jpeg(
  const uint8_t *data, size_t count, mng_picture_size *size, uint8_t *rgb, char *message
) {
  struct jpeg_decompress_struct decoder;
  errors state;
  JSAMPARRAY printed = NULL;
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
  struct jpeg_progress_mgr progress = {.progress_monitor = progressed};
  decoder.progress = &progress;
  jpeg_read_header(&decoder, TRUE);
  const int inks = decoder.num_components == 4;
  if (!inks && decoder.num_components != 1 && decoder.num_components != 3)
    ERREXIT1(&decoder, JERR_COMPONENT_COUNT, decoder.num_components);
  if (rgb == NULL) {
    size->width = decoder.image_width;
    size->height = decoder.image_height;
  } else {
    decoder.out_color_space = inks ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&decoder);
    if (decoder.output_width != size->width || decoder.output_height != size->height)
      ERREXIT(&decoder, JERR_BAD_CROP_SPEC);
    while (decoder.output_scanline < decoder.output_height) {
      uint8_t *target = rgb + (size_t)decoder.output_scanline * decoder.output_width * 3;
      JSAMPROW row = target;
      if (inks) {
        if (printed == NULL)
          printed = (*decoder.mem->alloc_sarray)(
            (j_common_ptr)&decoder, JPOOL_IMAGE, decoder.output_width * 4, 1);
        row = printed[0];
      }
      jpeg_read_scanlines(&decoder, &row, 1);
      if (inks) rgb_of_inks(row, target, decoder.output_width);
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

static void begun(j_compress_ptr encoder) { (void)encoder; }

static boolean full(j_compress_ptr encoder) {
  ERREXIT(encoder, JERR_BUFFER_SIZE);
  return FALSE;
}

int mng_jpeg_encode(
  const uint8_t *rgb, mng_picture_size size, int quality, uint8_t *out, size_t capacity,
  size_t *count, char *message
) {
  struct jpeg_compress_struct encoder;
  errors state;
  memset(&encoder, 0, sizeof encoder);
  encoder.err = jpeg_std_error(&state.base);
  state.base.error_exit = failed;
  state.message = message;
  if (setjmp(state.escape)) {
    jpeg_destroy_compress(&encoder);
    return 1;
  }
  jpeg_create_compress(&encoder);
  struct jpeg_destination_mgr target = {
    .next_output_byte = out, .free_in_buffer = capacity, .init_destination = begun,
    .empty_output_buffer = full, .term_destination = begun,
  };
  encoder.dest = &target;
  encoder.image_width = size.width;
  encoder.image_height = size.height;
  encoder.input_components = 3;
  encoder.in_color_space = JCS_RGB;
  jpeg_set_defaults(&encoder);
  jpeg_set_quality(&encoder, quality, TRUE);
  jpeg_start_compress(&encoder, TRUE);
  while (encoder.next_scanline < encoder.image_height) {
    // The library takes rows that it could write, and does not.
    JSAMPROW row = (JSAMPROW)(rgb + (size_t)encoder.next_scanline * size.width * 3);
    jpeg_write_scanlines(&encoder, &row, 1);
  }
  jpeg_finish_compress(&encoder);
  *count = capacity - target.free_in_buffer;
  jpeg_destroy_compress(&encoder);
  return 0;
}
