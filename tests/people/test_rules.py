"""Company codes, e-mail addresses and passwords: what is refused, what only gets a second look, what passes."""

from __future__ import annotations

import pytest

from labshare.people import rules

WELL_KNOWN = [
    "91110000600037341L",
    "914403001922038216",
    "9144030071526726XG",
    "91110108551385082Q",
    "91110000802100433B",
    "91330100799655058B",
    "911100001011016602",
    "12100000400002259P",
    "12100000400000624D",
]
DEMO = [
    "91990000MA0000015Q",
    "91990000MA0000023K",
    "91990000MA0000031E",
    "91990000MA000004X6",
    "91990000MA00000586",
    "91990000MA00000661",
    "91990000MA0000074U",
    "91990000MA0000082N",
    "91990000MA0000090H",
    "91990000MA00001037",
    "91990000MA00001112",
    "91990000MA000012XR",
    "91990000MA0000138R",
    "91990000MA0000146L",
    "91990000MA0000154F",
    "91990000MA0000162A",
    "91990000MA00001705",
    "91990000MA00001892",
    "91990000MA0000197W",
    "91990000MA000020XD",
]


@pytest.mark.parametrize("code", WELL_KNOWN + DEMO)
def test_codes_of_well_known_organisations_and_of_the_demo_pass_both_checks(code: str) -> None:
    assert rules.uscc_faults(code) == []
    assert rules.uscc_warnings(code) == []


@pytest.mark.parametrize("code", WELL_KNOWN)
def test_every_single_wrong_sign_is_caught(code: str) -> None:
    slipped = [
        code[:place] + sign + code[place + 1 :] for place in range(18) for sign in rules.ALPHABET if sign != code[place]
    ]
    assert len(slipped) == 18 * 30
    assert [one for one in slipped if not rules.uscc_faults(one)] == []


@pytest.mark.parametrize("code", WELL_KNOWN)
def test_every_swap_of_neighbours_is_caught(code: str) -> None:
    swapped = {code[:i] + code[i + 1] + code[i] + code[i + 2 :] for i in range(17)} - {code}
    assert [one for one in swapped if not rules.uscc_faults(one)] == []


@pytest.mark.parametrize(
    "written",
    [
        "91110000600037341l",
        " 9111 0000 6000 3734 1L ",
        "91110000-600037341-L",
        "９１１１００００６００037341Ｌ",
        "91110000—600037341L",
    ],
)
def test_a_code_is_understood_however_it_is_typed(written: str) -> None:
    assert rules.normal_uscc(written) == "91110000600037341L"


@pytest.mark.parametrize("sign", "IOSVZ")
def test_letters_that_never_occur_are_named(sign: str) -> None:
    (fault,) = rules.uscc_faults("9111000060003734" + sign + "L")
    assert sign in str(fault)


@pytest.mark.parametrize("code", ["", "9", "91110000600037341", "91110000600037341LL"])
def test_a_code_of_another_length_is_refused(code: str) -> None:
    assert "18" in str(rules.uscc_faults(code)[0])


@pytest.mark.parametrize("body", ["N2510100MF1234567", "Y1510100MF1234567", "A1510100MF1234567", "52510000MJ1234567"])
def test_codes_of_other_authorities_are_welcome_and_need_no_leading_nine(body: str) -> None:
    assert rules.uscc_faults(body + rules.uscc_check(body)) == []


def test_a_wrong_inner_check_digit_is_a_warning_and_no_refusal() -> None:
    body = "91990000MA0000016"
    code = body + rules.uscc_check(body)
    assert rules.uscc_faults(code) == []
    assert len(rules.uscc_warnings(code)) == 1


def test_a_company_from_abroad_gives_another_number() -> None:
    facts = {"name": "Nordlicht GmbH", "kind": "company", "org_id_type": "foreign", "org_id": "HRB 12345"}
    assert rules.company_faults(facts) == {}
    assert set(rules.company_faults({**facts, "org_id": "x"})) == {"org_id"}
    assert set(rules.company_faults({**facts, "org_id_type": "other"})) == {"org_id_type"}


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        (" Mei@Aurora.Test ", "mei@aurora.test"),
        ("ＭＥＩ@aurora.test", "mei@aurora.test"),
        ("\u212aim@aurora.test", "kim@aurora.test"),
    ],
)
def test_an_address_has_one_form_however_it_is_typed(written: str, canonical: str) -> None:
    assert rules.canonical_email(written) == canonical
    assert rules.email_faults(canonical) == []


@pytest.mark.parametrize(
    "email",
    [
        "",
        "mei",
        "@x.test",
        "mei@",
        "a b@x.test",
        "mei@x..test",
        "mei@-x.test",
        "me\ni@x.test",
        "mei@x.test\r\nBcc: all@x.test",
        "mei<x@x.test",
        "m" * 65 + "@x.test",
        "m@" + "x" * 250 + ".test",
        "mei@x.test,bo@x.test",
        ".mei@x.test",
    ],
)
def test_what_is_no_address_is_refused(email: str) -> None:
    assert rules.email_faults(rules.canonical_email(email))


@pytest.mark.parametrize(
    "password",
    [
        "labshare-demo",
        "correct horse battery",
        "alllowercase",
        "十二個漢字就足夠做密碼了嗎",
        "729104885613",
        "x" * 11 + "y" * 117,
    ],
)
def test_a_long_password_needs_no_capitals_digits_or_signs(password: str) -> None:
    assert rules.password_faults(password, "member@demo.labshare.test") == []


@pytest.mark.parametrize(
    "password",
    [
        "elevenchars",
        "x" * 5 + "y" * 124,
        "password1234",
        "P@ssword!!!!!!",
        "123456789012",
        "987654321098",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "qwertyuiop123",
        "labshare2026!",
        "labsharelabshare",
        "Member-123456",
        "adminadminadmin",
    ],
)
def test_short_and_famous_passwords_are_refused(password: str) -> None:
    assert rules.password_faults(password, "member@demo.labshare.test")
