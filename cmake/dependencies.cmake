# What the libraries and the program are built from. A target that a parent project brought wins.
# Tests and benchmarks look for their own libraries.

if(NOT TARGET OpenSSL::Crypto)
  find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
endif()
if(NOT TARGET hwy::hwy)
  find_package(hwy 1.0 CONFIG REQUIRED)
endif()
# Linked by its name: Debian's has no CMake package.
set(JOBQUEUE_RE2 "re2" CACHE STRING "What to link for RE2")
find_path(JOBQUEUE_RE2_INCLUDE re2/re2.h REQUIRED)
mark_as_advanced(JOBQUEUE_RE2 JOBQUEUE_RE2_INCLUDE)
if(NOT TARGET nlohmann_json::nlohmann_json)
  find_package(nlohmann_json 3.11 CONFIG REQUIRED)
endif()
if(JOBQUEUE_BUILD_CLI AND NOT TARGET CLI11::CLI11)
  find_package(CLI11 2.1 CONFIG REQUIRED)
endif()
# The network.
set(JOBQUEUE_NEEDS_NET OFF)
if(JOBQUEUE_BUILD_NET OR JOBQUEUE_BUILD_CLI OR JOBQUEUE_BUILD_TESTS OR JOBQUEUE_BUILD_BENCHMARKS
   OR JOBQUEUE_BUILD_FUZZERS)
  set(JOBQUEUE_NEEDS_NET ON)
  find_package(Threads REQUIRED)
  if(NOT TARGET OpenSSL::SSL)
    find_package(OpenSSL 3.0 REQUIRED COMPONENTS SSL)
  endif()
  # Asio and Beast are headers; src/net/boost.cpp compiles them once. The rest is linked statically,
  # so that what is shipped needs no Boost.
  if(NOT TARGET Boost::url)
    set(Boost_USE_STATIC_LIBS ON)
    find_package(Boost 1.81 REQUIRED COMPONENTS url)
  endif()
endif()
# The stores and the services.
if(JOBQUEUE_BUILD_CLI OR JOBQUEUE_BUILD_TESTS OR JOBQUEUE_BUILD_BENCHMARKS
   OR JOBQUEUE_BUILD_FUZZERS)
  if(NOT TARGET SQLite::SQLite3)
    find_package(SQLite3 3.39 REQUIRED)
  endif()
  if(NOT TARGET PostgreSQL::PostgreSQL)
    find_package(PostgreSQL REQUIRED)
  endif()
  if(NOT TARGET prometheus-cpp::core)
    find_package(prometheus-cpp CONFIG REQUIRED)
  endif()
  # Debian's 0.14 has no CMake package either. The types of its reader are others in 1.x.
  set(JOBQUEUE_HIREDIS "hiredis" CACHE STRING "What to link for hiredis")
  find_path(JOBQUEUE_HIREDIS_INCLUDE hiredis/read.h REQUIRED)
  mark_as_advanced(JOBQUEUE_HIREDIS JOBQUEUE_HIREDIS_INCLUDE)
endif()
