#include "railgund/coding/accept_encoding.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace railgun::coding {
namespace {

Fields said(std::string value) { return {{"accept-encoding", std::move(value)}}; }

// Weights are written identity, gzip, br, zstd.
Wishes wishes(int identity, int gzip, int br, int zstd) { return {{identity, gzip, br, zstd}}; }

TEST(AcceptEncoding, IsReadWithItsWeights) {
  struct Case {
    Fields fields;
    Wishes wishes;
  };
  const Case cases[] = {
      {{}, wishes(1000, 0, 0, 0)},
      {said(""), wishes(1000, 0, 0, 0)},
      {said("gzip, deflate, br, zstd"), wishes(1, 1000, 1000, 1000)},
      {said("x-gzip"), wishes(1, 1000, 0, 0)},
      {said("GZIP;q=0.5, identity;q=0.25"), wishes(250, 500, 0, 0)},
      {said("gzip;q=0"), wishes(1000, 0, 0, 0)},
      {said("deflate"), wishes(1000, 0, 0, 0)},
      {said("*"), wishes(1000, 1000, 1000, 1000)},
      {said("*;q=0"), wishes(0, 0, 0, 0)},
      {said("*;q=0.2, br;q=0.3"), wishes(200, 200, 300, 200)},
      {said("identity;q=0, gzip"), wishes(0, 1000, 0, 0)},
      {said("gzip;q=1.000, *;q=0"), wishes(0, 1000, 0, 0)},
      {said("gzip ;\tq=0.001"), wishes(1, 1, 0, 0)},
      {said(" , ,, br,"), wishes(1, 0, 1000, 0)},
      {{{"Accept-Encoding", "br"}, {"Accept-Encoding", "gzip;Q=0.8"}}, wishes(1, 800, 1000, 0)},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.fields.empty() ? "no field" : c.fields.back().value);
    EXPECT_EQ(read_accept_encoding(c.fields), c.wishes);
  }
}

TEST(AcceptEncoding, IgnoresMalformedElementsAlone) {
  for (const char* bad :
       {"gzip;q=2", "gzip;q=1.001", "gzip;q=0.1234", "gzip;q=x", "gzip;q=", "gzip;q", "gzip;", "gzip;level=9",
        "gzip;q=-1", "gzip;q=.5", "gzip;q=00", "gzip;q=0.5;q=1", "gz ip", ";q=1", "\"gzip\""}) {
    SCOPED_TRACE(bad);
    EXPECT_EQ(read_accept_encoding(said(std::string(bad) + ", br;q=0.5")), wishes(1, 0, 500, 0));
  }
}

TEST(AcceptEncoding, LooksAtABoundedNumberOfElements) {
  std::string many;
  for (std::size_t i = 0; i + 1 < kMostWishes; ++i) many += "a,";
  EXPECT_EQ(read_accept_encoding(said(many + "gzip")).of(Coding::kGzip), 1000);
  EXPECT_EQ(read_accept_encoding(said(many + "a,gzip")).of(Coding::kGzip), 0);
  Fields fields;
  for (std::size_t i = 0; i < kMostWishes; ++i) fields.push_back({"accept-encoding", "a"});
  fields.push_back({"accept-encoding", "gzip"});
  EXPECT_EQ(read_accept_encoding(fields).of(Coding::kGzip), 0);
}

TEST(AcceptEncoding, TakesTheHighestWeightAndAmongEqualsThePreferred) {
  const std::vector<Coding> all = {Coding::kZstd, Coding::kBrotli, Coding::kGzip};
  const std::vector<Coding> gzip_first = {Coding::kGzip, Coding::kZstd};
  const std::vector<Coding> none = {};
  struct Case {
    const char* value;
    const std::vector<Coding>& preference;
    Coding coding;
  };
  const Case cases[] = {
      {"gzip, deflate, br, zstd", all, Coding::kZstd},
      {"gzip, deflate, br, zstd", gzip_first, Coding::kGzip},
      {"gzip, deflate, br", all, Coding::kBrotli},
      {"gzip, br;q=0.9", all, Coding::kGzip},
      {"br", gzip_first, Coding::kIdentity},
      {"*", all, Coding::kZstd},
      {"*;q=0.5, gzip;q=0.4", all, Coding::kZstd},
      {"identity, gzip;q=0.5", all, Coding::kIdentity},
      {"identity, gzip", all, Coding::kGzip},
      {"identity;q=0.5, gzip;q=0.5", all, Coding::kGzip},
      {"gzip;q=0.001", all, Coding::kGzip},
      {"gzip;q=0", all, Coding::kIdentity},
      {"identity;q=0", all, Coding::kIdentity},
      {"*;q=0", all, Coding::kIdentity},
      {"gzip", none, Coding::kIdentity},
      {"", all, Coding::kIdentity},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.value);
    EXPECT_EQ(choose(read_accept_encoding(said(c.value)), c.preference), c.coding);
  }
}

}  // namespace
}  // namespace railgun::coding
