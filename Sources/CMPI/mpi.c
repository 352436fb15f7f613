#define _GNU_SOURCE
#include "mng_mpi.h"

#include <dlfcn.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

// Handles of Open MPI are addresses of its objects.
typedef void *handle;

static struct {
  void *library;
  handle world, float32, float64, sum;
  int (*init_thread)(int *, char ***, int, int *);
  int (*comm_rank)(handle, int *);
  int (*comm_size)(handle, int *);
  int (*comm_set_errhandler)(handle, handle);
  int (*iallreduce)(const void *, void *, int, handle, handle, handle, handle *);
  int (*ireduce)(const void *, void *, int, handle, handle, int, handle, handle *);
  int (*ibcast)(void *, int, handle, int, handle, handle *);
  int (*isend)(const void *, int, handle, int, int, handle, handle *);
  int (*irecv)(void *, int, handle, int, int, handle, handle *);
  int (*ibarrier)(handle, handle *);
  int (*test)(handle *, int *, void *);
  int (*error_string)(int, char *, int *);
  int (*finalize)(void);
  int (*abort)(handle, int);
} mpi;

enum { MPI_THREAD_FUNNELED = 1, MAX_ERROR_STRING = 256, TAG = 1 };
#define IN_PLACE ((void *)1)

static int fail(int status, char *message, const char *text) {
  snprintf(message, MNG_MPI_MESSAGE, "%s", text ? text : "unknown");
  return status;
}

/// 0, or 1 with the library's own words.
static int checked(int status, char *message) {
  if (status == 0) return 0;
  char text[2 * MAX_ERROR_STRING] = "an error without a name";
  int length = 0;
  if (mpi.error_string) mpi.error_string(status, text, &length);
  return fail(1, message, text);
}

static int find(char *message) {
  const struct {
    const char *name;
    void *place;
  } symbols[] = {
    {"ompi_mpi_comm_world", &mpi.world},
    {"ompi_mpi_float", &mpi.float32},
    {"ompi_mpi_double", &mpi.float64},
    {"ompi_mpi_op_sum", &mpi.sum},
    {"MPI_Init_thread", &mpi.init_thread},
    {"MPI_Comm_rank", &mpi.comm_rank},
    {"MPI_Comm_size", &mpi.comm_size},
    {"MPI_Comm_set_errhandler", &mpi.comm_set_errhandler},
    {"MPI_Iallreduce", &mpi.iallreduce},
    {"MPI_Ireduce", &mpi.ireduce},
    {"MPI_Ibcast", &mpi.ibcast},
    {"MPI_Isend", &mpi.isend},
    {"MPI_Irecv", &mpi.irecv},
    {"MPI_Ibarrier", &mpi.ibarrier},
    {"MPI_Test", &mpi.test},
    {"MPI_Error_string", &mpi.error_string},
    {"MPI_Finalize", &mpi.finalize},
    {"MPI_Abort", &mpi.abort},
  };
  for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
    void *found = dlsym(mpi.library, symbols[i].name);
    if (!found) return fail(2, message, symbols[i].name);
    *(void **)symbols[i].place = found;
  }
  return 0;
}

int mng_mpi_start(int *rank, int *size, char *message) {
  // Its plug-ins look for its symbols among the global ones
  mpi.library = dlopen("libmpi.so.40", RTLD_NOW | RTLD_GLOBAL);
  if (!mpi.library) mpi.library = dlopen("libmpi.so", RTLD_NOW | RTLD_GLOBAL);
  if (!mpi.library) return fail(1, message, dlerror());
  const int status = find(message);
  if (status) return status;
  int level = 0;
  if (checked(mpi.init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level), message)) return 3;
  void *returns = dlsym(mpi.library, "ompi_mpi_errors_return");
  if (returns) mpi.comm_set_errhandler(mpi.world, returns);
  if (checked(mpi.comm_rank(mpi.world, rank), message)) return 3;
  if (checked(mpi.comm_size(mpi.world, size), message)) return 3;
  return 0;
}

int mng_mpi_sum_f32(float *values, int count, int root, mng_mpi_transfer *transfer, char *message) {
  if (root < 0) {
    return checked(
      mpi.iallreduce(IN_PLACE, values, count, mpi.float32, mpi.sum, mpi.world, transfer), message);
  }
  int rank = 0;
  if (checked(mpi.comm_rank(mpi.world, &rank), message)) return 1;
  return checked(
    rank == root
      ? mpi.ireduce(IN_PLACE, values, count, mpi.float32, mpi.sum, root, mpi.world, transfer)
      : mpi.ireduce(values, NULL, count, mpi.float32, mpi.sum, root, mpi.world, transfer),
    message);
}

int mng_mpi_sum_f64(double *values, int count, mng_mpi_transfer *transfer, char *message) {
  return checked(
    mpi.iallreduce(IN_PLACE, values, count, mpi.float64, mpi.sum, mpi.world, transfer), message);
}

int mng_mpi_broadcast_f32(
  float *values, int count, int root, mng_mpi_transfer *transfer, char *message) {
  return checked(mpi.ibcast(values, count, mpi.float32, root, mpi.world, transfer), message);
}

int mng_mpi_send_f32(float *values, int count, int to, mng_mpi_transfer *transfer, char *message) {
  return checked(mpi.isend(values, count, mpi.float32, to, TAG, mpi.world, transfer), message);
}

int mng_mpi_receive_f32(
  float *values, int count, int from, mng_mpi_transfer *transfer, char *message) {
  return checked(mpi.irecv(values, count, mpi.float32, from, TAG, mpi.world, transfer), message);
}

int mng_mpi_test(mng_mpi_transfer *transfer, int *done, char *message) {
  return checked(mpi.test(transfer, done, NULL), message);
}

int mng_mpi_wait(mng_mpi_transfer *transfer, char *message) {
  enum { BUSY = 2000, LONGEST = 1000000 };
  struct timespec nap = {0, 50000};
  for (int tries = 0;; tries++) {
    int done = 0;
    if (mng_mpi_test(transfer, &done, message)) return 1;
    if (done) return 0;
    if (tries < BUSY) {
      sched_yield();
      continue;
    }
    nanosleep(&nap, NULL);
    if (nap.tv_nsec < LONGEST) nap.tv_nsec *= 2;
  }
}

void mng_mpi_finish(void) {
  if (!mpi.library) return;
  char message[MNG_MPI_MESSAGE];
  mng_mpi_transfer all = NULL;
  if (!checked(mpi.ibarrier(mpi.world, &all), message)) mng_mpi_wait(&all, message);
  mpi.finalize();
}

void mng_mpi_abort(int status) {
  fflush(NULL);
  if (mpi.library) mpi.abort(mpi.world, status);
  _exit(status);
}

static int count_cores(cpu_set_t *set) {
  CPU_ZERO(set);
  return sched_getaffinity(0, sizeof *set, set) == 0 ? CPU_COUNT(set) : 0;
}

int mng_mpi_share_cores(int processes, int threads) {
  cpu_set_t bound, every, found;
  const int own = count_cores(&bound);
  if (own < 1) return threads > 0 ? threads : 1;
  CPU_ZERO(&every);
  for (int core = 0; core < CPU_SETSIZE; core++) CPU_SET(core, &every);
  if (sched_setaffinity(0, sizeof every, &every) != 0) return threads > 0 ? threads : own;
  const int all = count_cores(&found);
  if (threads < 1) threads = all / (processes > 0 ? processes : 1);
  if (threads < 1) threads = 1;
  if (own >= threads) sched_setaffinity(0, sizeof bound, &bound);
  return threads;
}
