# What the extension modules of all languages share: the library and OpenSSL inside; beside them
# Highway, which Debian has as a shared library only, and RE2, whose archive is of no use in one.

find_program(JOBQUEUE_CCACHE ccache)
mark_as_advanced(JOBQUEUE_CCACHE)
if(JOBQUEUE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${JOBQUEUE_CCACHE})
endif()

set(OPENSSL_USE_STATIC_LIBS TRUE)
set(JOBQUEUE_BUILD_NET ON)
find_package(hwy 1.0 CONFIG REQUIRED)
add_subdirectory("${CMAKE_CURRENT_LIST_DIR}/.." jobqueue EXCLUDE_FROM_ALL)

# jobqueue_extension(TARGET VERSION_SCRIPT DESTINATION COMPONENT): exports what the version script
# says and nothing else, and installs the module with what it needs.
function(jobqueue_extension target version_script destination component)
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_link_libraries(${target} PRIVATE jobqueue_c_objects jobqueue_c_net_objects)
  target_link_options(${target} PRIVATE LINKER:--exclude-libs,ALL
                      LINKER:--version-script=${version_script})
  set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN" BUILD_WITH_INSTALL_RPATH TRUE
                                             LINK_DEPENDS "${version_script}")
  install(TARGETS ${target} LIBRARY DESTINATION "${destination}" COMPONENT ${component})

  get_target_property(highway hwy::hwy LOCATION)
  find_library(JOBQUEUE_RE2_LIBRARY re2 REQUIRED)
  foreach(library IN ITEMS "${highway}" "${JOBQUEUE_RE2_LIBRARY}")
    get_filename_component(library "${library}" REALPATH)
    # Under the name by which the module asks for it.
    string(REGEX MATCH "lib[a-z0-9]+\\.so\\.[0-9]+" name "${library}")
    install(FILES "${library}" DESTINATION "${destination}" RENAME "${name}"
            COMPONENT ${component})
  endforeach()
endfunction()
