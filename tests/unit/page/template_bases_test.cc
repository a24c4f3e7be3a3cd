#include "railgund/page/template_bases.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace railgun::page {
namespace {

constexpr std::size_t kPageBytes = 20'000;
const Id128 kNews = hash128(as_bytes("/news/*"));

Bytes noise(std::size_t bytes, std::uint32_t seed) {
  Bytes page(bytes);
  std::uint32_t random = seed;
  for (std::uint8_t& byte : page) {
    random = random * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(random >> 24);
  }
  return page;
}

// Three quarters of it are spaces and the template's.
Bytes page_of(std::uint32_t template_seed, std::uint32_t seed) {
  Bytes page = noise(kPageBytes / 2, template_seed);
  page.resize(kPageBytes * 3 / 4, ' ');
  append(page, noise(kPageBytes / 4, seed));
  return page;
}

using Packed = std::shared_ptr<const delta::PackedPage>;

TEST(TemplateBases, PacksTheFirstPagesOfATemplateAlone) {
  TemplateBases bases(1 << 20);
  std::vector<Packed> pages;
  for (unsigned i = 0; i < TemplateBases::kPagesBefore; ++i) {
    pages.push_back(bases.pack(kNews, page_of(1, 100 + i)));
    EXPECT_GT(pages.back()->memory_bytes(), kPageBytes * 3 / 4);
  }
  EXPECT_EQ(bases.bytes(), 0u);
  const Bytes next = page_of(1, 200);
  pages.push_back(bases.pack(kNews, next));
  EXPECT_EQ(bases.bytes(), kPageBytes);
  EXPECT_LT(pages.back()->memory_bytes(), 500u);
  const Bytes other = page_of(1, 201);
  pages.push_back(bases.pack(kNews, other));
  EXPECT_LT(pages.back()->memory_bytes(), kPageBytes * 2 / 5);
  EXPECT_EQ(pages.back()->unpack(), other);
}

TEST(TemplateBases, FreesABaseThatNoPageNeeds) {
  TemplateBases bases(1 << 20);
  std::vector<Packed> pages;
  for (unsigned i = 0; i < 20; ++i) pages.push_back(bases.pack(kNews, page_of(1, 100 + i)));
  EXPECT_EQ(bases.bytes(), kPageBytes);
  pages.clear();
  EXPECT_EQ(bases.bytes(), 0u);
}

TEST(TemplateBases, StaysWithinItsLimit) {
  TemplateBases bases(kPageBytes * 3 / 2);
  std::vector<Packed> pages;
  for (const char* name : {"a", "b"}) {
    for (unsigned i = 0; i < 20; ++i) pages.push_back(bases.pack(hash128(as_bytes(name)), page_of(1, 100 + i)));
  }
  EXPECT_EQ(bases.bytes(), kPageBytes);
  EXPECT_GT(pages.back()->memory_bytes(), kPageBytes * 3 / 4);
}

// A site gets a new design.
TEST(TemplateBases, GivesUpABaseThatHelpsLittle) {
  TemplateBases bases(1 << 20);
  std::vector<Packed> pages;
  for (unsigned i = 0; i < 20; ++i) pages.push_back(bases.pack(kNews, page_of(1, 100 + i)));
  pages.clear();
  std::vector<Packed> after;
  for (unsigned i = 0; i < 300; ++i) after.push_back(bases.pack(kNews, page_of(2, 500 + i)));
  EXPECT_EQ(bases.bytes(), kPageBytes);
  EXPECT_LT(after.back()->memory_bytes(), kPageBytes * 2 / 5);
}

TEST(TemplateBases, RemembersABoundedNumberOfTemplates) {
  TemplateBases bases(1 << 20);
  for (unsigned i = 0; i < TemplateBases::kPagesBefore; ++i) bases.pack(kNews, page_of(1, 100 + i));
  const Bytes small(100, 'x');
  for (std::size_t i = 0; i < TemplateBases::kTemplates; ++i) bases.pack(hash128(as_bytes(std::to_string(i))), small);
  bases.pack(kNews, page_of(1, 200));
  EXPECT_EQ(bases.bytes(), 0u);  // it is a new one
}

}  // namespace
}  // namespace railgun::page
