# jobqueue_embed(TARGET NAME FILE HEADER): makes the text of a file, which lies in the source folder,
# the constant jobqueue::detail::NAME of a header that the target includes as HEADER.
function(jobqueue_embed target name file header)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  file(READ "${file}" JOBQUEUE_EMBED_TEXT)
  set(JOBQUEUE_EMBED_NAME "${name}")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/embed.hpp.in"
                 "${PROJECT_BINARY_DIR}/generated/${header}" @ONLY)
  target_include_directories(${target} PRIVATE "${PROJECT_BINARY_DIR}/generated")
endfunction()
