/* Nothing but jobqueue.h: it must bring all that it needs. Compiled as C99, C17 and C++20 with all
 * warnings as errors. The initialisers are expanded: a macro alone is not compiled. */
#include <jobqueue/jobqueue.h>
/* Again, for the guard. */
#include <jobqueue/jobqueue.h>

extern const uint32_t abi_version_of_the_header;
const uint32_t abi_version_of_the_header = JOBQUEUE_ABI_VERSION;

extern const uint64_t no_offset_of_the_header;
const uint64_t no_offset_of_the_header = JOBQUEUE_NO_OFFSET;

uint32_t expand_initialisers(void);
uint32_t expand_initialisers(void) {
  const jobqueue_buffer buffer = JOBQUEUE_BUFFER_INIT;
  const jobqueue_vault_options vault = JOBQUEUE_VAULT_OPTIONS_INIT;
  const jobqueue_vault_callbacks callbacks = JOBQUEUE_VAULT_CALLBACKS_INIT;
  const jobqueue_sanitize_options sanitize = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  const jobqueue_value_context context = JOBQUEUE_VALUE_CONTEXT_INIT;
  const jobqueue_restore_options restore = JOBQUEUE_RESTORE_OPTIONS_INIT;
  return (uint32_t)buffer.size + vault.struct_size + callbacks.struct_size + sanitize.struct_size +
         context.struct_size + restore.struct_size;
}
