#include "net/dns/message.hpp"

#include <doctest/doctest.h>

#include "tests/support/dns_packets.hpp"

using namespace compose::net::dns;
using namespace compose::net::dns::testing;

namespace {

// "query", "ignore" or "refuse 1".
std::string intake(const Packet& packet) {
  Query query;
  const auto parsed = parse_query(packet, query);
  if (parsed.intake == Intake::query) return "query";
  if (parsed.intake == Intake::ignore) return "ignore";
  return "refuse " + std::to_string(static_cast<int>(parsed.rcode));
}

Packet with_name(const Packet& name_bytes) {
  Packet p = header(7, 0x0100, 1);
  p.insert(p.end(), name_bytes.begin(), name_bytes.end());
  put16(p, k_type_a);
  put16(p, k_class_in);
  return p;
}

Packet with_record(const Packet& record, unsigned answers, unsigned additional) {
  Packet p = query("web");
  p[7] = static_cast<std::uint8_t>(answers);
  p[11] = static_cast<std::uint8_t>(additional);
  p.insert(p.end(), record.begin(), record.end());
  return p;
}

}  // namespace

TEST_CASE("a question is read in lower case, without its last dot") {
  Query q;
  const Packet packet = query("Web.Shop", k_type_aaaa, 0x1234);
  REQUIRE(parse_query(packet, q).intake == Intake::query);
  CHECK(q.name() == "web.shop");
  CHECK(q.labels() == 2);
  CHECK(q.id == 0x1234);
  CHECK(q.type == k_type_aaaa);
  CHECK(q.is_plain());
  CHECK(q.udp_size == 512);
  CHECK_FALSE(q.has_edns);
}

TEST_CASE("EDNS tells how much the asker takes, within bounds") {
  for (const auto& [told, taken] : {std::pair{0U, 512U}, {512U, 512U}, {1232U, 1232U}, {65535U, 4096U}}) {
    Query q;
    Packet packet = query("web", k_type_a, 7, 1);
    packet[packet.size() - 8] = static_cast<std::uint8_t>(told >> 8U);
    packet[packet.size() - 7] = static_cast<std::uint8_t>(told);
    REQUIRE(parse_query(packet, q).intake == Intake::query);
    CHECK(q.udp_size == taken);
  }
}

TEST_CASE("what is no query is ignored or refused, never followed") {
  CHECK(intake({}) == "ignore");
  CHECK(intake(Packet(11, 0)) == "ignore");
  CHECK(intake(header(7, 0x8000, 1)) == "ignore");    // an answer
  CHECK(intake(header(7, 0x1000, 1)) == "refuse 4");  // another opcode
  CHECK(intake(header(7, 0x0100, 0)) == "refuse 1");
  CHECK(intake(header(7, 0x0100, 1)) == "refuse 1");  // announced, not there
  Packet two = query("web");
  two[5] = 2;
  CHECK(intake(two) == "refuse 1");
  Packet many = query("web");
  many[10] = many[11] = 0xff;  // 65535 records announced, none there
  CHECK(intake(many) == "refuse 1");
}

TEST_CASE("names that RFC 9267 warns of are refused") {
  CHECK(intake(with_name({0xc0, 12})) == "refuse 1");                    // points to itself
  CHECK(intake(with_name({3, 'w', 'e', 'b', 0xc0, 12})) == "refuse 1");  // a loop
  CHECK(intake(with_name({0xc0, 0xff})) == "refuse 1");                  // forward
  CHECK(intake(with_name({0xc0, 0})) == "refuse 1");                     // into the header
  CHECK(intake(with_name({0x40, 'a', 0})) == "refuse 1");                // reserved label types
  CHECK(intake(with_name({0x80, 'a', 0})) == "refuse 1");
  Packet no_end = header(7, 0x0100, 1);
  no_end.insert(no_end.end(), {3, 'w', 'e', 'b'});
  CHECK(intake(no_end) == "refuse 1");
  Packet label_63(64, 'a');
  label_63[0] = 63;
  label_63.push_back(0);
  CHECK(intake(with_name(label_63)) == "query");
  label_63[0] = 64;
  CHECK(intake(with_name(label_63)) == "refuse 1");
  Packet name_255;
  for (int i = 0; i < 3; ++i) {
    name_255.push_back(63);
    name_255.insert(name_255.end(), 63, 'a');
  }
  name_255.push_back(61);
  name_255.insert(name_255.end(), 61, 'a');
  name_255.push_back(0);
  CHECK(name_255.size() == 255);
  CHECK(intake(with_name(name_255)) == "query");
  name_255[192] = 62;
  name_255.insert(name_255.begin() + 193, 'a');
  CHECK(intake(with_name(name_255)) == "refuse 1");
}

TEST_CASE("records behind the question must be whole, and there is one OPT at most") {
  const Packet opt{0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0};
  Packet twice = opt;
  twice.insert(twice.end(), opt.begin(), opt.end());
  CHECK(intake(with_record(opt, 0, 1)) == "query");
  CHECK(intake(with_record(twice, 0, 2)) == "refuse 1");
  CHECK(intake(with_record(opt, 1, 0)) == "refuse 1");  // in the wrong section
  CHECK(intake(with_record({0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 9}, 0, 1)) ==
        "refuse 1");  // data runs over the end
  CHECK(intake(with_record({0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0}, 0, 1)) ==
        "query");  // a pointer is skipped
  CHECK(intake(with_record({0xc0}, 0, 1)) == "refuse 1");
}

TEST_CASE("labels with bytes that no name of ours has are marked") {
  Query q;
  Packet packet = with_name({3, 'a', '.', 'b', 0});
  REQUIRE(parse_query(packet, q).intake == Intake::query);
  CHECK_FALSE(q.is_plain());
}

TEST_CASE("an answer is taken only when it answers exactly what was asked") {
  const Packet asked = query("web.example", k_type_a, 7);
  CHECK(answers(answer(asked, {"10.0.0.1"}), asked));
  CHECK_FALSE(answers(answer(query("web.example", k_type_a, 8), {"10.0.0.1"}), asked));  // id
  CHECK_FALSE(answers(answer(query("wEb.example", k_type_a, 7), {"10.0.0.1"}), asked));  // case
  CHECK_FALSE(answers(answer(query("web.exampl", k_type_a, 7), {"10.0.0.1"}), asked));   // name
  CHECK_FALSE(answers(answer(query("web.example", k_type_aaaa, 7), {}), asked));         // type
  CHECK_FALSE(answers(asked, asked));                                                    // not an answer
  CHECK_FALSE(answers(Packet{}, asked));
  CHECK(answers(header(7, 0x8182, 0), asked));        // a failure without a question
  CHECK_FALSE(answers(header(7, 0x8180, 0), asked));  // but no success
}

TEST_CASE("a response that does not fit is cut and marked") {
  std::array<std::uint8_t, 4096> room;
  Query q;
  const Packet packet = query("web", k_type_a, 7, 512);
  REQUIRE(parse_query(packet, q).intake == Intake::query);
  ResponseWriter response{room, 512, q};
  for (std::uint8_t i = 0; i < 100; ++i) response.add(Ipv4{10, 0, 0, i}, 1);
  const Bytes bytes = response.finish();
  CHECK(bytes.size() <= 512);
  CHECK(is_truncated(bytes));
  CHECK(bytes[7] == 30);  // (512 - 12 - 9 - 11) / 16 records
  CHECK(bytes[11] == 1);  // and its own OPT
}

TEST_CASE("reverse names are addresses") {
  CHECK(reverse_ipv4("11.0.0.127.in-addr.arpa") == Ipv4{127, 0, 0, 11});
  for (const char* bad : {"in-addr.arpa", "1.2.3.in-addr.arpa", "1.2.3.4.5.in-addr.arpa",
                          "1.2.3.256.in-addr.arpa", "a.2.3.4.in-addr.arpa"})
    CHECK_FALSE(reverse_ipv4(bad));
  std::string one = "1.";
  for (int i = 0; i < 31; ++i) one += "0.";
  CHECK(reverse_ipv6(one + "ip6.arpa") == Ipv6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  CHECK_FALSE(reverse_ipv6("1.ip6.arpa"));
}
