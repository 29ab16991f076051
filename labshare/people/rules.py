"""Whether it is possible: company codes, e-mail addresses, passwords, and who must remain; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Set

from labshare.kernel.errors import N_, Conflict, Reason, Text
from labshare.people.lifecycle import STATES

KINDS = ("company", "university", "institute", "agency", "operator")
ORG_ID_TYPES = ("uscc", "foreign")
Faults = dict[str, list[Text]]

# ---------------------------------------------------------------- company codes, GB 32100-2015

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # 31 signs; I O S V Z never occur
_VALUE = {sign: value for value, sign in enumerate(ALPHABET)}
_WEIGHTS = [pow(3, place, 31) for place in range(17)]
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714
_SKIPPED = re.compile(r"[\s\-\u2010-\u2015\u2212]+")


def normal_uscc(written: str) -> str:
    """A code as people write it, made what the register has: half width, upper case, no spaces or hyphens."""
    return _SKIPPED.sub("", unicodedata.normalize("NFKC", written)).upper()


def uscc_check(body: str) -> str:
    """The check character of the first 17."""
    total = sum(_VALUE[sign] * weight for sign, weight in zip(body, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def uscc_faults(code: str) -> list[Text]:
    """What makes a normalised code impossible."""
    if len(code) != 18:
        return [N_("A unified social credit code has 18 characters; this one has %(count)s.", count=len(code))]
    foreign = "".join(dict.fromkeys(sign for sign in code if sign not in _VALUE))
    if foreign:
        return [N_("These characters never occur in a unified social credit code: %(signs)s", signs=foreign)]
    if uscc_check(code[:17]) != code[17]:
        return [N_("The check character of this code does not fit; please compare it sign by sign.")]
    return []


def uscc_warnings(code: str) -> list[Text]:
    """What is odd about a valid code, for the person who reviews it."""
    inner = code[8:17]
    total = sum(int(sign, 36) * weight for sign, weight in zip(inner[:8], _INNER_WEIGHTS, strict=True))
    wanted = {10: "X", 11: "0"}.get(11 - total % 11, str(11 - total % 11))
    if inner[8] == wanted:
        return []
    return [N_("The organisation code inside this code does not fit its own check digit; please look twice.")]


def company_warnings(org_id_type: str, org_id: str) -> list[Text]:
    """What to look at twice before letting a company in."""
    return uscc_warnings(org_id) if org_id_type == "uscc" and not uscc_faults(org_id) else []


def normal_org_id(org_id_type: str, written: str) -> str:
    """The form in which a company's code is stored and compared."""
    return normal_uscc(written) if org_id_type == "uscc" else " ".join(written.split())


UNSTORABLE = N_("Contains a character that cannot be stored.")


def unstorable(text: str) -> bool:
    """Does a line of text hold control characters or halves of characters?"""
    return any(unicodedata.category(sign) in ("Cc", "Cs") for sign in text)


_PHONE = re.compile(r"[0-9+(). /#*\-]{3,40}")
_LENGTHS = {"name": (1, 200), "name_en": (0, 200), "contact_name": (0, 120), "contact_phone": (0, 40)}


def company_faults(facts: Mapping[str, str]) -> Faults:
    """What is wrong with a company's particulars, by field; the code must be normalised already."""
    faults: Faults = {}
    for field, (least, most) in _LENGTHS.items():
        if not least <= len(facts.get(field, "")) <= most:
            faults[field] = [N_("Must be %(least)s to %(most)s characters.", least=least, most=most)]
        elif unstorable(facts.get(field, "")):
            faults[field] = [UNSTORABLE]
    if facts["org_id_type"] == "uscc":
        wrong = uscc_faults(facts["org_id"])
    elif facts["org_id_type"] == "foreign":
        fits = 2 <= len(facts["org_id"]) <= 40 and facts["org_id"].isprintable()
        wrong = [] if fits else [N_("Must be %(least)s to %(most)s characters.", least=2, most=40)]
    else:
        wrong = []
        faults["org_id_type"] = [N_("Must be one of: %(choices)s", choices=", ".join(ORG_ID_TYPES))]
    if wrong:
        faults["org_id"] = wrong
    for field, choices in (("kind", KINDS), ("state", STATES)):
        if field in facts and facts[field] not in choices:
            faults[field] = [N_("Must be one of: %(choices)s", choices=", ".join(choices))]
    phone = facts.get("contact_phone", "")
    if phone and "contact_phone" not in faults and not _PHONE.fullmatch(phone):
        faults["contact_phone"] = [N_("This is not a phone number.")]
    return faults


# ---------------------------------------------------------------- e-mail addresses and passwords

_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


def canonical_email(written: str) -> str:
    """The one form in which an address is stored and compared, however it is typed."""
    return unicodedata.normalize("NFKC", written).strip().casefold()


def email_faults(email: str) -> list[Text]:
    """What is wrong with a canonical e-mail address."""
    local, at, domain = email.rpartition("@")
    fits = at and len(email) <= 254 and len(local) <= 64
    if fits and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain):
        return []
    return [N_("This is not an e-mail address.")]


def name_faults(name: str) -> list[Text]:
    """What is wrong with a person's name."""
    if not 1 <= len(name) <= 120:
        return [N_("Must be %(least)s to %(most)s characters.", least=1, most=120)]
    return [UNSTORABLE] if unstorable(name) else []


SHORTEST, LONGEST = 12, 128
_STEMS = frozenset(
    """
    password passwort passwd passphrase admin administrator root welcome letmein iloveyou changeme default
    secret qwerty qwertyuiop qwertyuiopasdfghjkl asdfghjkl zxcvbnm qazwsx qazwsxedc qwer asdf abc abcd
    abcdef abcdefghijkl abcdefghijklm monkey dragon football baseball sunshine princess superman batman
    trustno login guest master hello test testing user woaini woaiwojia nihao aini mima laboratory company
    temp
    """.split()  # noqa: SIM905 - words in running text are easier to read and to add to
)
_RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")


def password_faults(password: str, email: str = "") -> list[Text]:
    """Why a password will not do; its length counts, what it is made of does not."""
    if len(password) < SHORTEST:
        return [N_("Please use at least %(count)s characters; a few words in a row are good.", count=SHORTEST)]
    if len(password) > LONGEST:
        return [N_("Please use at most %(count)s characters.", count=LONGEST)]
    if _is_easy(password.casefold(), email.partition("@")[0]):
        return [N_("This password is among the first that somebody would try; please think of another.")]
    return []


def _is_easy(password: str, local: str) -> bool:
    if any(_repeats(password, size) for size in (1, 2, 3, 4)):
        return True
    if any(password in run * 2 or password[::-1] in run * 2 for run in _RUNS):
        return True
    plain = password.replace("@", "a").replace("$", "s")  # the two swaps everybody tries
    bare = plain
    for word in ("labshare", local):
        if len(word) >= 3:
            bare = bare.replace(word, "")
    letters = re.sub(r"[\W\d_]+", "", bare)
    if not letters:  # only digits and signs: random ones will do, those around a known word will not
        return bare != plain
    return any(letters == stem * (len(letters) // len(stem)) for stem in _STEMS)


def _repeats(password: str, size: int) -> bool:
    return all(sign == password[place % size] for place, sign in enumerate(password))


# ---------------------------------------------------------------- sites

_SITE_CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,29}")


def site_faults(facts: Mapping[str, str], zones: Set[str]) -> Faults:
    """What is wrong with a site's particulars, by field; `zones` are the time zones there are."""
    faults: Faults = {}
    if not _SITE_CODE.fullmatch(facts["code"]):
        faults["code"] = [N_("Please use up to 30 capital letters, digits and hyphens.")]
    for field, least, most in (("name_en", 1, 120), ("name_zh", 1, 120), ("address", 0, 200)):
        if not least <= len(facts[field]) <= most:
            faults[field] = [N_("Must be %(least)s to %(most)s characters.", least=least, most=most)]
        elif unstorable(facts[field]):
            faults[field] = [UNSTORABLE]
    if facts["zone"] not in zones:
        faults["zone"] = [N_("There is no such time zone; an example is Asia/Shanghai.")]
    return faults


# ---------------------------------------------------------------- refusals


def refused(code: str, message: Text) -> Conflict:
    """A 409 for one reason."""
    return Conflict(message, code=code, reasons=[Reason(code, message)])


def nobody_with(email: str) -> Text:
    return N_("There is nobody with the e-mail address %(email)s.", email=email)


def last_company_admin() -> Conflict:
    """A company keeps somebody who can invite and remove."""
    text = N_("This is the company's last administrator; please make somebody else one first.")
    return refused("last_company_admin", text)


def last_admin() -> Conflict:
    """The laboratory keeps somebody who can do everything."""
    return refused("last_admin", N_("This is the last admin; please make somebody else one first."))
