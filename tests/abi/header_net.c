/* The same of jobqueue_net.h: alone, twice, its initialiser expanded. */
#include <jobqueue/jobqueue_net.h>
/* Again, for the guard. */
#include <jobqueue/jobqueue_net.h>

uint32_t expand_initialisers_of_net(void);
uint32_t expand_initialisers_of_net(void) {
  const jobqueue_probe_options probe = JOBQUEUE_PROBE_OPTIONS_INIT;
  return probe.struct_size;
}
