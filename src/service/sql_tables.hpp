// Which columns of a database are cleaned, and by which key their rows are found.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <jobqueue/service/sql_cleaner.hpp>

#include "store/sql_connection.hpp"

namespace jobqueue::detail {

struct clean_table {
  std::string name;    // for people: "public.job", "job"
  std::string quoted;  // for statements
  std::vector<sql_column> key;
  std::vector<sql_column> columns;  // that are cleaned
  std::uint64_t rows = 0;           // an estimate
};

struct clean_tables {
  std::vector<clean_table> tables;
  std::vector<std::string> passed_over;  // "public.log has no primary key"
};

// The tables of the columns that are named, or of all that can hold blobs. `invalid_argument` for
// one that does not exist, is of another type, or is a part of a key.
[[nodiscard]] result<clean_tables> find_clean_tables(sql_connection& connection,
                                                     std::span<const clean_column> wanted);

// What the tables take on the disk; nothing for SQLite, which does not tell.
[[nodiscard]] result<std::vector<table_size>> measure_tables(sql_connection& connection,
                                                             std::span<const clean_table> tables);

}  // namespace jobqueue::detail
