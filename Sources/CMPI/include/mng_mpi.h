// The few calls of Open MPI that learning in several processes needs.
//
// The library is found when the process runs, so that a build wants neither its headers nor the library. What is relied
// on is the interface of libmpi.so.40, which Open MPI 4 and 5 share. All calls are for one thread.
#pragma once

enum { MNG_MPI_MESSAGE = 256 };

// Loads the library and joins the other processes. Returns 0; 1 when there is no library, 2 when it is another MPI's,
// 3 when it fails: with a message.
int mng_mpi_start(int *rank, int *size, char *message);

// What a transfer needs until it is over. Each returns 0, or 1 with a message. All processes begin the same ones in the
// same order. Memory must stay, and stay as it is, until the transfer is over.
typedef void *mng_mpi_transfer;

// Sums of all processes' values: at `root` in place, others' stay as they are; everywhere when `root` is negative.
int mng_mpi_sum_f32(float *values, int count, int root, mng_mpi_transfer *transfer, char *message);
int mng_mpi_sum_f64(double *values, int count, mng_mpi_transfer *transfer, char *message);
// The values of `root` for all.
int mng_mpi_broadcast_f32(
  float *values, int count, int root, mng_mpi_transfer *transfer, char *message);
// From one process to one other, which both begin.
int mng_mpi_send_f32(float *values, int count, int to, mng_mpi_transfer *transfer, char *message);
int mng_mpi_receive_f32(
  float *values, int count, int from, mng_mpi_transfer *transfer, char *message);

// Lets transfers go on, and says whether this one is over.
int mng_mpi_test(mng_mpi_transfer *transfer, int *done, char *message);
// Waits, first busily, then with naps, so that a long wait leaves the processor to those who compute.
int mng_mpi_wait(mng_mpi_transfer *transfer, char *message);

// Leaves the other processes: after all of them have come so far.
void mng_mpi_finish(void);
// Ends all processes, this one included.
_Noreturn void mng_mpi_abort(int status);

// Lets the process run on more cores when it is bound to fewer than it has threads: launchers bind each process to one
// core when they are not told better. `processes` share the host; `threads` is 0 for an equal share of its cores.
// Returns the number of threads.
int mng_mpi_share_cores(int processes, int threads);
