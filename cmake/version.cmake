# Sets JOBQUEUE_VERSION from the file VERSION and JOBQUEUE_ABI_VERSION from jobqueue.h, and fails if
# the checked-in headers say something else. Included before project().

set(version_file "${CMAKE_CURRENT_SOURCE_DIR}/VERSION")
set(version_header "${CMAKE_CURRENT_SOURCE_DIR}/include/jobqueue/version.h")
set(abi_header "${CMAKE_CURRENT_SOURCE_DIR}/include/jobqueue/jobqueue.h")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${version_file}"
                                       "${version_header}" "${abi_header}")

file(STRINGS "${version_file}" JOBQUEUE_VERSION LIMIT_COUNT 1)
if(NOT JOBQUEUE_VERSION MATCHES "^([0-9]+)\\.([0-9]+)\\.([0-9]+)$")
  message(FATAL_ERROR "VERSION must hold one line major.minor.patch, not '${JOBQUEUE_VERSION}'")
endif()

set(expected_macros "MAJOR ${CMAKE_MATCH_1}" "MINOR ${CMAKE_MATCH_2}" "PATCH ${CMAKE_MATCH_3}"
                    "STRING \"${JOBQUEUE_VERSION}\"")
file(STRINGS "${version_header}" version_lines REGEX "^#define JOBQUEUE_VERSION_")
foreach(macro IN LISTS expected_macros)
  if(NOT "#define JOBQUEUE_VERSION_${macro}" IN_LIST version_lines)
    message(FATAL_ERROR "VERSION is ${JOBQUEUE_VERSION}, but include/jobqueue/version.h does not "
                        "say '#define JOBQUEUE_VERSION_${macro}'")
  endif()
endforeach()

file(STRINGS "${abi_header}" abi_line REGEX "^#define JOBQUEUE_ABI_VERSION ")
if(NOT abi_line MATCHES "^#define JOBQUEUE_ABI_VERSION ([0-9]+)u?$")
  message(FATAL_ERROR "include/jobqueue/jobqueue.h does not define JOBQUEUE_ABI_VERSION")
endif()
set(JOBQUEUE_ABI_VERSION "${CMAKE_MATCH_1}")
