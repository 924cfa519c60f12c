# jobqueue_embed(TARGET NAME FILE): makes the text of a file, which lies in the source folder, the
# std::string_view jobqueue::detail::NAME, which a header of the target declares.
function(jobqueue_embed target name file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  file(READ "${file}" JOBQUEUE_EMBED_TEXT)
  set(JOBQUEUE_EMBED_NAME "${name}")
  set(source "${PROJECT_BINARY_DIR}/embedded/${name}.cpp")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/embed.cpp.in" "${source}" @ONLY)
  target_sources(${target} PRIVATE "${source}")
endfunction()
