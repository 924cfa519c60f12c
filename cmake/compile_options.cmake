# How everything in this tree is compiled. Nothing of it reaches a consumer: these are properties of
# this directory. No instruction sets: Highway chooses at run time.

include(CheckPIESupported)
check_pie_supported()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 99)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(JOBQUEUE_WERROR)
  add_compile_options(-Werror)
endif()

# No path of the machine that built it in what is shipped. Debuggers and gcov want the real ones.
add_compile_options(
  $<$<NOT:$<CONFIG:Debug>>:-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=>)

if(JOBQUEUE_SANITIZE)
  list(JOIN JOBQUEUE_SANITIZE "," sanitizers)
  add_compile_options(-fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${sanitizers})
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
else()
  # Fortified functions hide over-reads from AddressSanitizer, hence not both.
  add_compile_options(-fstack-protector-strong)
  add_compile_options("$<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=3>")
  add_compile_definitions($<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
endif()
add_link_options(LINKER:-z,relro LINKER:-z,now)

if(JOBQUEUE_BUILD_FUZZERS)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "JOBQUEUE_BUILD_FUZZERS needs clang: cmake --preset fuzz")
  endif()
  # The fuzz programs add -fsanitize=fuzzer, which brings main().
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(JOBQUEUE_COVERAGE)
  add_compile_options(--coverage -fprofile-abs-path)
  add_link_options(--coverage)
endif()
