// Faces of libpng and libjpeg that report errors as values: both libraries leave a failed call by longjmp, which
// must not cross Swift. Nothing here keeps state between calls.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { MNG_PICTURE_MESSAGE = 200 };

typedef struct {
  uint32_t width;
  uint32_t height;
} mng_picture_size;

// Reads width and height. Returns 0, or 1 with a message.
int mng_png_size(const uint8_t *data, size_t count, mng_picture_size *size, char *message);
int mng_jpeg_size(const uint8_t *data, size_t count, mng_picture_size *size, char *message);

// Decodes into rgb[height][width][3]; `size` must be what the function above gave. Returns 0, or 1 with a message.
//
// PNG: palettes are looked up, grey is repeated, 16 bits keep the high byte, transparency is dropped without blending.
// JPEG: grey is repeated; inks (CMYK) become what they leave of white; orientation tags are not applied.
int mng_png_decode(
  const uint8_t *data, size_t count, mng_picture_size size, uint8_t *rgb, char *message);
int mng_jpeg_decode(
  const uint8_t *data, size_t count, mng_picture_size size, uint8_t *rgb, char *message);

// Writes rgb[height][width][3] as a JPEG of `quality` (1 to 100) into `out`. Returns 0, or 1 with a message, also when it
// is more than `capacity` bytes.
int mng_jpeg_encode(
  const uint8_t *rgb, mng_picture_size size, int quality, uint8_t *out, size_t capacity,
  size_t *count, char *message);
