#pragma once
#include <hdf5.h>

// The library's constants are macros over global variables, which Swift cannot see.
static inline hid_t mng_h5_f64le(void) { return H5T_IEEE_F64LE; }
static inline hid_t mng_h5_f64be(void) { return H5T_IEEE_F64BE; }
static inline hid_t mng_h5_f32le(void) { return H5T_IEEE_F32LE; }
static inline hid_t mng_h5_f32be(void) { return H5T_IEEE_F32BE; }
static inline hid_t mng_h5_i64le(void) { return H5T_STD_I64LE; }
static inline hid_t mng_h5_i64be(void) { return H5T_STD_I64BE; }
static inline hid_t mng_h5_i32le(void) { return H5T_STD_I32LE; }
static inline hid_t mng_h5_i32be(void) { return H5T_STD_I32BE; }
static inline hid_t mng_h5_i16le(void) { return H5T_STD_I16LE; }
static inline hid_t mng_h5_i16be(void) { return H5T_STD_I16BE; }
static inline hid_t mng_h5_i8le(void) { return H5T_STD_I8LE; }
static inline hid_t mng_h5_i8be(void) { return H5T_STD_I8BE; }
static inline hid_t mng_h5_u64le(void) { return H5T_STD_U64LE; }
static inline hid_t mng_h5_u64be(void) { return H5T_STD_U64BE; }
static inline hid_t mng_h5_u32le(void) { return H5T_STD_U32LE; }
static inline hid_t mng_h5_u32be(void) { return H5T_STD_U32BE; }
static inline hid_t mng_h5_u16le(void) { return H5T_STD_U16LE; }
static inline hid_t mng_h5_u16be(void) { return H5T_STD_U16BE; }
static inline hid_t mng_h5_u8le(void) { return H5T_STD_U8LE; }
static inline hid_t mng_h5_u8be(void) { return H5T_STD_U8BE; }
static inline hid_t mng_h5_c_string(void) { return H5T_C_S1; }
static inline hid_t mng_h5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t mng_h5_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t mng_h5_group_create(void) { return H5P_GROUP_CREATE; }
static inline hid_t mng_h5_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t mng_h5_dataset_access(void) { return H5P_DATASET_ACCESS; }
static inline hid_t mng_h5_link_access(void) { return H5P_LINK_ACCESS; }

// Its macros with casts.
static inline hid_t mng_h5_default(void) { return H5P_DEFAULT; }
static inline hid_t mng_h5_all(void) { return H5S_ALL; }
static inline haddr_t mng_h5_undefined_address(void) { return HADDR_UNDEF; }
static inline size_t mng_h5_variable(void) { return H5T_VARIABLE; }

// The error stack is not printed: failures become our own errors.
static inline void mng_h5_be_quiet(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

static inline unsigned mng_h5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned mng_h5_truncate(void) { return H5F_ACC_TRUNC; }

// The name of our driver, which must last as long as the program.
static inline const char *mng_h5_driver_name(void) { return "mapped"; }
