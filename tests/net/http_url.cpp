#include "net/http_url.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace {

using jobqueue::errc;
using jobqueue::detail::http_url;
using jobqueue::detail::parse_http_url;
using jobqueue::detail::resolve_http_url;

TEST(HttpUrl, is_read) {
  struct read {
    std::string_view text;
    std::string_view host;
    int port;
    std::string_view target;
    std::string_view whole;
  };
  for (const read& one : {
           read{"HTTP://Example.COM", "example.com", 80, "/", "http://example.com/"},
           read{"https://a.b:8443?x#y", "a.b", 8443, "/?x", "https://a.b:8443/?x"},
           read{"https://a_b-c.:443/p?", "a_b-c.", 443, "/p?", "https://a_b-c./p?"},
           read{"http://[2001:DB8::1]:80/", "2001:db8::1", 80, "/", "http://[2001:db8::1]/"},
           read{"http://1.2.3.4:/..//a/./b", "1.2.3.4", 80, "/..//a/./b",
                "http://1.2.3.4/..//a/./b"},
           read{"http://127.0.0.1.example.com/a", "127.0.0.1.example.com", 80, "/a",
                "http://127.0.0.1.example.com/a"},
           read{"http://h//x/y", "h", 80, "//x/y", "http://h//x/y"},
           read{"http://h/b\xC3\xA4 [1]?\"<>|#ignored", "h", 80, "/b%C3%A4%20%5B1%5D?%22%3C%3E%7C",
                "http://h/b%C3%A4%20%5B1%5D?%22%3C%3E%7C"},
           read{"http://h/a@b:c?d=http://e", "h", 80, "/a@b:c?d=http://e",
                "http://h/a@b:c?d=http://e"},
       }) {
    const auto url = parse_http_url(one.text);
    ASSERT_TRUE(url) << one.text << ": " << url.problem().message;
    EXPECT_EQ(url->host, one.host);
    EXPECT_EQ(url->port, one.port);
    EXPECT_EQ(url->target, one.target);
    EXPECT_EQ(url->text, one.whole);
    EXPECT_EQ(url->address.has_value(),
              one.host.find(':') != one.host.npos || one.host == "1.2.3.4");
    EXPECT_EQ(parse_http_url(url->text).value().text, one.whole);
  }
}

TEST(HttpUrl, is_refused) {
  for (const std::string_view text :
       {"http://[1.2.3.4]/",   "http://[v2.a]/",     "http://[::1",
        "http://[::1]x/",      "http://[::1]:/:",    "http://1.2.3.4:8 0/",
        "http://1.2.3.4:+80/", "http://1.2.3.4:-1/", "http://a/%",
        "http://a/%g0",        "http://a b/",        "http://a?b@c:d@/",
        "http://@a/",          "http://a:b:c/",      "http://10.0.0.0/8/",
        "1http://a/",          "http//a/",           "//a/",
        "http:\\\\a/",         "http://\xC3\xA4/"}) {
    const auto url = parse_http_url(text);
    if (text == "http://[::1]:/:" || text == "http://10.0.0.0/8/" || text == "http://a?b@c:d@/") {
      EXPECT_TRUE(url) << text;  // Only the path and the query are odd.
      continue;
    }
    ASSERT_FALSE(url) << text << " is " << url->text;
    EXPECT_EQ(url.problem().code, errc::invalid_argument) << text;
  }
  EXPECT_FALSE(parse_http_url("http://h/" + std::string(8192, 'a')));
  EXPECT_FALSE(parse_http_url("http://h/" + std::string(4000, ' ')));
  EXPECT_FALSE(parse_http_url("http://" + std::string(254, 'a') + "/"));
  EXPECT_FALSE(parse_http_url(std::string_view("http://h/\0", 10)));
}

// What programs read as different addresses is not asked at all.
TEST(HttpUrl, that_hides_an_address_is_forbidden) {
  for (const std::string_view text :
       {"http://2130706433/", "http://2001:db8::1/", "http://0x7f.1/", "http://0x7f000001",
        "http://017700000001/", "http://0177.0.0.1/", "http://127.1:80", "http://127.0.0.1./",
        "http://127.0.0.01/", "http://256.1.1.1/", "http://1.2.3.4.5/", "http://a.0xg/",
        "http://%31%32%37.0.0.1/", "file:///etc/passwd", "gopher://h/", "javascript:alert(1)",
        "unix:/run/x.sock"}) {
    const auto url = parse_http_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.problem().code, errc::address_forbidden) << text;
  }
}

TEST(HttpUrl, resolves_locations) {
  const http_url base = parse_http_url("https://h:8443/a/b/c?d").value();
  struct location {
    std::string_view text;
    std::string_view whole;
  };
  for (const location& one : {
           location{"e", "https://h:8443/a/b/e"},
           location{"../e?f g#h", "https://h:8443/a/e?f%20g"},
           location{"/../../e", "https://h:8443/e"},
           location{"../../..", "https://h:8443/"},
           location{"?x", "https://h:8443/a/b/c?x"},
           location{"//127.0.0.1.example.com:1/y", "https://127.0.0.1.example.com:1/y"},
           location{"HTTP://other", "http://other/"},
           location{"a/b:c", "https://h:8443/a/b/a/b:c"},
           location{"/b\xC3\xA4", "https://h:8443/b%C3%A4"},
       }) {
    const auto url = resolve_http_url(base, one.text);
    ASSERT_TRUE(url) << one.text << ": " << url.problem().message;
    EXPECT_EQ(url->text, one.whole);
  }
  for (const std::string_view text : {"http://", "//u@h/", "http://[", "/%", "\\\\h\\", "a\r\nb"}) {
    EXPECT_FALSE(resolve_http_url(base, text)) << text;
  }
  for (const std::string_view text : {"file:///x", "//0x7f.1/", "http://1/", "data:,"}) {
    const auto url = resolve_http_url(base, text);
    ASSERT_FALSE(url);
    EXPECT_EQ(url.problem().code, errc::address_forbidden) << text;
  }
}

}  // namespace
