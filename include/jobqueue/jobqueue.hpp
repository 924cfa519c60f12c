// jobqueue - the C++ library in one include: the core and the vault, nothing of networks or
// databases.
//
//   #include <iostream>
//   #include <jobqueue/jobqueue.hpp>
//
//   int main() {
//     const std::string_view text = R"({"image":"data:image/gif;base64,R0lGODlhAQABAAAAACw="})";
//     std::cout << jobqueue::sanitize_base64(text).value().view(text) << '\n';
//   }
//
// prints {"image":"[BASE64_IMAGE_REMOVED]"}.
#pragma once

#include <jobqueue/version.h>
#include <jobqueue/attestation.hpp>
#include <jobqueue/base64.hpp>
#include <jobqueue/content_type.hpp>
#include <jobqueue/failure.hpp>
#include <jobqueue/result.hpp>
#include <jobqueue/retry.hpp>
#include <jobqueue/rules.hpp>
#include <jobqueue/signature.hpp>
#include <jobqueue/truncate.hpp>
#include <jobqueue/vault.hpp>
