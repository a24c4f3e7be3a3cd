#include "railgund/page/store_item.h"

#include <string>

#include <gtest/gtest.h>

#include "railgund/base/text.h"

namespace railgun::page {
namespace {

const KeyedHash kHash(as_bytes("0123456789abcdef0123456789abcdef"));
constexpr std::size_t kLimit = 1 << 20;

VersionPtr version_of(std::string_view page) {
  return std::make_shared<const Version>(kHash(as_bytes(page)), to_bytes(as_bytes(page)), Keep::kStoreToo);
}

std::string repetitive_page() {
  std::string page;
  for (int i = 0; i < 100; ++i) page += "<li class=\"story\">story " + std::to_string(i) + "</li>\n";
  return page;
}

TEST(StoreItem, GivesThePageBack) {
  for (const std::string& page : {std::string(), std::string("x"), repetitive_page()}) {
    const VersionPtr version = version_of(page);
    const VersionPtr back = decode_item(encode_item(*version), kHash, version->id, kLimit);
    ASSERT_NE(back, nullptr) << page.size();
    EXPECT_EQ(as_text(back->reference.bytes()), page);
    EXPECT_EQ(back->id, version->id);
    EXPECT_EQ(back->keep, Keep::kStoreToo);
  }
}

TEST(StoreItem, HasTheFormOfTheDocument) {
  // doc/PROTOCOL.md, "Stored items": format, id, length, check, payload.
  EXPECT_EQ(to_hex(encode_item(*version_of("x"))),
            "10"
            "5123ddeedcc440e6e6caeec8b6fbb3bf"
            "0000000000000001"
            "38c92a190b15b0e5"
            "78");
}

TEST(StoreItem, IsCompressedWhereThatPays) {
  const std::string page = repetitive_page();
  const Bytes item = encode_item(*version_of(page));
  EXPECT_EQ(item[0], 0x11);
  EXPECT_LT(item.size(), page.size() / 4);
}

TEST(StoreItem, IsAMissWhenAnyByteIsWrong) {
  for (const std::string& page : {std::string("a page"), repetitive_page()}) {
    const Bytes item = encode_item(*version_of(page));
    for (std::size_t i = 0; i < item.size(); ++i) {
      Bytes wrong = item;
      wrong[i] ^= 0x40;
      EXPECT_EQ(decode_item(wrong, kHash, std::nullopt, kLimit), nullptr) << i;
    }
  }
}

TEST(StoreItem, IsAMissWhenCutShortOrTooLong) {
  const Bytes item = encode_item(*version_of(repetitive_page()));
  for (std::size_t size = 0; size < item.size(); ++size) {
    EXPECT_EQ(decode_item(ByteView(item).first(size), kHash, std::nullopt, kLimit), nullptr) << size;
  }
  Bytes longer = item;
  longer.push_back(0);
  EXPECT_EQ(decode_item(longer, kHash, std::nullopt, kLimit), nullptr);
}

TEST(StoreItem, IsAMissOverTheLimitOfAPage) {
  const std::string page = repetitive_page();
  const Bytes item = encode_item(*version_of(page));
  EXPECT_NE(decode_item(item, kHash, std::nullopt, page.size()), nullptr);
  EXPECT_EQ(decode_item(item, kHash, std::nullopt, page.size() - 1), nullptr);
}

TEST(StoreItem, IsAMissUnderAnotherKeyOrAnotherId) {
  const Bytes item = encode_item(*version_of("a page"));
  const KeyedHash other(as_bytes("another key of thirty-two bytes!"));
  EXPECT_EQ(decode_item(item, other, std::nullopt, kLimit), nullptr);
  EXPECT_EQ(decode_item(item, kHash, version_of("another page")->id, kLimit), nullptr);
  // Someone who knows the format but not the key writes a page of his own under an id that is asked for.
  const Version forged(version_of("a page")->id, to_bytes(as_bytes("evil")), Keep::kStoreToo);
  EXPECT_EQ(decode_item(encode_item(forged), kHash, forged.id, kLimit), nullptr);
}

TEST(StoreItem, HasKeysOfTwoKinds) {
  const Id128 id = hash128(as_bytes("x"));
  EXPECT_EQ(store_key_of_version(id, id).substr(0, 5), "rgv2:");
  EXPECT_EQ(store_key_of_page(id), "rgp1:" + to_hex(id));
}

}  // namespace
}  // namespace railgun::page
