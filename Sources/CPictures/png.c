#include <png.h>
#include <setjmp.h>
#include <string.h>

#include "pictures.h"

typedef struct {
  const uint8_t *data;
  size_t count;
  size_t position;
  char *message;
} source;

static void read_bytes(png_structp png, png_bytep target, size_t count) {
  source *from = png_get_io_ptr(png);
  if (count > from->count - from->position) png_error(png, "the file ends too early");
  memcpy(target, from->data + from->position, count);
  from->position += count;
}

static void failed(png_structp png, png_const_charp text) {
  char *message = png_get_error_ptr(png);
  strncpy(message, text, MNG_PICTURE_MESSAGE - 1);
  message[MNG_PICTURE_MESSAGE - 1] = 0;
  png_longjmp(png, 1);
}

static void warned(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

// Reads the header, and with `rgb` the pixels.
static int read_png(
  const uint8_t *data, size_t count, mng_picture_size *size, uint8_t *rgb, char *message
) {
  source from = {data, count, 0, message};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, failed, warned);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (info == NULL) {
    strcpy(message, "libpng cannot start");
    png_destroy_read_struct(&png, NULL, NULL);
    return 1;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return 1;
  }
  png_set_read_fn(png, &from, read_bytes);
  // Colour profiles and texts are not looked at; their size is no reason to hold memory.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
  png_set_chunk_malloc_max(png, 8000000);
  png_read_info(png, info);
  const uint32_t width = png_get_image_width(png, info);
  const uint32_t height = png_get_image_height(png, info);
  if (rgb == NULL) {
    size->width = width;
    size->height = height;
  } else {
    if (width != size->width || height != size->height) png_error(png, "the size changed");
    png_set_strip_16(png);
    png_set_palette_to_rgb(png);
    png_set_expand_gray_1_2_4_to_8(png);
    png_set_gray_to_rgb(png);
    png_set_strip_alpha(png);
    const int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    const size_t row = (size_t)width * 3;
    if (png_get_rowbytes(png, info) != row) png_error(png, "a pixel layout that is not known");
    for (int pass = 0; pass < passes; pass++)
      for (uint32_t y = 0; y < height; y++) png_read_row(png, rgb + y * row, NULL);
  }
  png_destroy_read_struct(&png, &info, NULL);
  return 0;
}

int mng_png_size(const uint8_t *data, size_t count, mng_picture_size *size, char *message) {
  return read_png(data, count, size, NULL, message);
}

int mng_png_decode(
  const uint8_t *data, size_t count, mng_picture_size size, uint8_t *rgb, char *message
) {
  return read_png(data, count, &size, rgb, message);
}
