#include "railgund/net/address_history.h"

#include <gtest/gtest.h>

namespace railgun::net {
namespace {

using namespace std::chrono_literals;

std::vector<SocketAddress> addresses(const std::vector<std::string>& texts) {
  std::vector<SocketAddress> result;
  for (const std::string& text : texts) result.push_back(*SocketAddress::parse(text, 80));
  return result;
}

std::string text_of(const std::vector<SocketAddress>& list) {
  std::string text;
  for (const SocketAddress& address : list) text += (text.empty() ? "" : " ") + address.host();
  return text;
}

const Instant kNow{1000s};

TEST(AddressHistory, FamiliesTakeTurns) {
  const AddressHistory history;
  EXPECT_EQ(text_of(history.in_order(addresses({"::1", "::2", "::3", "192.0.2.1"}), kNow)), "::1 192.0.2.1 ::2 ::3");
  EXPECT_EQ(text_of(history.in_order(addresses({"192.0.2.1", "192.0.2.2"}), kNow)), "192.0.2.1 192.0.2.2");
  EXPECT_TRUE(history.in_order({}, kNow).empty());
}

TEST(AddressHistory, WhatFailedComesLastForAWhile) {
  AddressHistory history;
  const auto two = addresses({"192.0.2.1", "192.0.2.2"});
  history.failed(two[0], kNow);
  EXPECT_EQ(text_of(history.in_order(two, kNow)), "192.0.2.2 192.0.2.1");
  EXPECT_EQ(text_of(history.in_order(two, kNow + AddressHistory::kMemory)), "192.0.2.1 192.0.2.2");
  history.succeeded(two[0]);
  EXPECT_EQ(text_of(history.in_order(two, kNow)), "192.0.2.1 192.0.2.2");
  EXPECT_EQ(text_of(history.in_order(addresses({"192.0.2.1"}), kNow)), "192.0.2.1");
}

TEST(AddressHistory, AllThatFailedAreTriedAllTheSame) {
  AddressHistory history;
  const auto two = addresses({"192.0.2.1", "192.0.2.2"});
  for (const SocketAddress& address : two) history.failed(address, kNow);
  EXPECT_EQ(text_of(history.in_order(two, kNow)), "192.0.2.1 192.0.2.2");
}

TEST(AddressHistory, OfAnotherPortIsAnother) {
  AddressHistory history;
  history.failed(*SocketAddress::parse("192.0.2.1", 81), kNow);
  EXPECT_EQ(text_of(history.in_order(addresses({"192.0.2.1", "192.0.2.2"}), kNow)), "192.0.2.1 192.0.2.2");
}

}  // namespace
}  // namespace railgun::net
