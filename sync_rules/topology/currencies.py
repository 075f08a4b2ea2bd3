"""The codes of currencies (ISO 4217), those of metals, funds and tests left out."""

_CODES = """\
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP
CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR
IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU
MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG
SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV
WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""

_NAMES = {
    "afghani": "AFN", "baht": "THB", "balboa": "PAB", "birr": "ETB", "bolivar": "VES", "boliviano": "BOB",
    "cedi": "GHS", "colon": "CRC SVC", "cordoba": "NIO", "dalasi": "GMD", "dinar": "DZD IQD JOD LYD SDG TND",
    "dirham": "AED MAD", "dollar": "USD AUD FJD NZD SBD XCD", "dong": "VND", "escudo": "CVE", "euro": "EUR",
    "franc": "XOF XAF BIF CDF DJF GNF KMF RWF XPF", "gourde": "HTG", "guarani": "PYG", "kina": "PGK", "kip": "LAK",
    "kwacha": "MWK ZMW", "kwanza": "AOA", "kyat": "MMK", "lempira": "HNL", "leone": "SLE", "lilangeni": "SZL",
    "loti": "LSL", "metical": "MZN", "naira": "NGN", "ouguiya": "MRU", "paanga": "TOP",
    "peso": "ARS CLP COP CUP DOP MXN PHP", "pound": "GBP EGP SDG SSP", "quetzal": "GTQ", "rand": "ZAR",
    "real": "BRL", "riel": "KHR", "rupee": "INR LKR MUR NPR PKR", "rupiah": "IDR", "shilling": "KES TZS UGX SOS",
    "sol": "PEN", "taka": "BDT", "tala": "WST", "vatu": "VUV", "yuan": "CNY",
}  # fmt: skip
"""What people call money, with the codes that they may mean."""


def currency_mistake(code: str) -> str | None:
    """What is wrong with a currency, and what is right; None where it is the code of one."""
    codes = _CODES.split()
    if code in codes:
        return None
    asked = code.strip().lower()
    called = [
        one for name, known in _NAMES.items() if asked.rstrip("s") in (name, name.rstrip("s")) for one in known.split()
    ]
    like = [asked.upper()] if asked.upper() in codes else called
    guess = f"did you mean {' or '.join(f'`{one}`' for one in like)}? " if like else ""
    return f"`{code}` is not the code of a currency; {guess}allowed is one of ISO 4217, three capitals such as `USD`"
