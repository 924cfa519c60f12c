# What `cmake --install` puts where. Component `runtime` is what a program needs that is already
# linked (libjobqueue.so.1, libjobqueue_net.so.1 and the program), `development` is what it needs to
# be built.
# Two export sets, so that jobqueue::c can be used where OpenSSL and Highway are not to be found.

include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/jobqueue")

set(c_targets jobqueue_c)
if(TARGET jobqueue_c_net)
  list(APPEND c_targets jobqueue_c_net)
endif()
install(
  TARGETS ${c_targets}
  EXPORT jobqueue_c
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
          COMPONENT runtime
          NAMELINK_COMPONENT development)
install(
  TARGETS jobqueue_core
  EXPORT jobqueue_core
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development)
if(TARGET jobqueue_cli)
  install(TARGETS jobqueue_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT runtime)
endif()
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT runtime)
install(
  DIRECTORY include/jobqueue
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  COMPONENT development
  FILES_MATCHING
  PATTERN "*.h"
  PATTERN "*.hpp"
  PATTERN "net" EXCLUDE
  PATTERN "store" EXCLUDE
  PATTERN "service" EXCLUDE)

foreach(part IN ITEMS c core)
  install(
    EXPORT jobqueue_${part}
    NAMESPACE jobqueue::
    FILE jobqueue-${part}-targets.cmake
    DESTINATION "${package_dir}"
    COMPONENT development)
endforeach()

configure_package_config_file(cmake/jobqueue-config.cmake.in jobqueue-config.cmake
                              INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
# Before 1.0.0 a minor version may change the C++ API.
write_basic_package_version_file(jobqueue-config-version.cmake COMPATIBILITY SameMinorVersion)
install(
  FILES "${CMAKE_CURRENT_BINARY_DIR}/jobqueue-config.cmake"
        "${CMAKE_CURRENT_BINARY_DIR}/jobqueue-config-version.cmake"
  DESTINATION "${package_dir}"
  COMPONENT development)

# pkg-config files find their prefix from where they lie, so that the tree can be moved.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(pc_prefix "${CMAKE_INSTALL_PREFIX}")
else()
  file(RELATIVE_PATH up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" up "${up}")
  set(pc_prefix "\${pcfiledir}/${up}")
endif()
foreach(dir IN ITEMS LIBDIR INCLUDEDIR)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${dir}}")
    set(pc_${dir} "${CMAKE_INSTALL_${dir}}")
  else()
    set(pc_${dir} "\${prefix}/${CMAKE_INSTALL_${dir}}")
  endif()
endforeach()
set(pc_names jobqueue jobqueue-core)
if(TARGET jobqueue_c_net)
  list(APPEND pc_names jobqueue-net)
endif()
foreach(name IN LISTS pc_names)
  configure_file(cmake/${name}.pc.in ${name}.pc @ONLY)
  install(
    FILES "${CMAKE_CURRENT_BINARY_DIR}/${name}.pc"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig"
    COMPONENT development)
endforeach()
