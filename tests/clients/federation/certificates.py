"""An authority of the tests and certificates of all domains, in a folder.

  authority/root.pem        the authority that all believe
  authority/DOMAIN.crt      issued by it but for the odd ones of cast.py, with DOMAIN.key; both together in DOMAIN.pem
  self-signed/DOMAIN.crt    each signed by itself, the same way

The second domain of each side has an RSA key, all others have ECDSA keys.
"""

import os
import subprocess

from federation.cast import SERVER_ONLY, Cast

BOTH_PURPOSES = "serverAuth,clientAuth"


def openssl(*args: str) -> None:
    done = subprocess.run(["openssl", *args], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"openssl {' '.join(args)}: {done.stderr}")


class Authority:
    """Issues certificates; made in memory of its folder, `name` tells it from others."""

    def __init__(self, folder: str, name: str):
        self.certificate, self._key = f"{folder}/{name}.pem", f"{folder}/{name}.key"
        new_key(self._key, "ec")
        openssl("req", "-x509", "-new", "-key", self._key, "-days", "2", "-subj", f"/O=Castling's tests/CN={name}",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", self.certificate)

    def issue(self, folder: str, domain: str, key: str, name: str, days: int = 2, purposes: str = BOTH_PURPOSES) -> None:
        """`DOMAIN.crt` for `name`; with negative days it has expired."""
        request, extensions = f"{folder}/{domain}.csr", f"{folder}/{domain}.ext"
        with open(extensions, "w") as file:
            file.write(f"subjectAltName=DNS:{name}\nextendedKeyUsage={purposes}\nbasicConstraints=CA:FALSE\n")
        openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-days", str(days),
                "-extfile", extensions, "-out", f"{folder}/{domain}.crt")
        os.remove(request)
        os.remove(extensions)


def new_key(path: str, kind: str) -> None:
    how = {"ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
           "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]}[kind]
    openssl("genpkey", *how, "-out", path)


def self_sign(folder: str, domain: str, key: str) -> None:
    openssl("req", "-x509", "-new", "-key", key, "-days", "2", "-subj", f"/CN={domain}",
            "-addext", f"subjectAltName=DNS:{domain}", "-out", f"{folder}/{domain}.crt")


def make(folder: str, sides: list[Cast]) -> None:
    """All of them, for the domains of these sides."""
    authority, alone = f"{folder}/authority", f"{folder}/self-signed"
    os.makedirs(authority)
    os.makedirs(alone)
    root, unknown = Authority(authority, "root"), Authority(authority, "unknown")
    for side in sides:
        for domain in side.domains:
            fault = domain.removesuffix(f"-{side.one}") if domain not in (side.one, side.two) else ""
            key = f"{authority}/{domain}.key"
            new_key(key, "rsa" if domain == side.two else "ec")
            match fault:
                case "expired":
                    root.issue(authority, domain, key, domain, days=-1)
                case "othername":
                    root.issue(authority, domain, key, "another.example")
                case "unknownroot":
                    unknown.issue(authority, domain, key, domain)
                case "selfsigned":
                    self_sign(authority, domain, key)
                case _:
                    purposes = "serverAuth" if fault == SERVER_ONLY else BOTH_PURPOSES
                    root.issue(authority, domain, key, domain, purposes=purposes)
            own = f"{alone}/{domain}.key"
            new_key(own, "rsa" if domain == side.two else "ec")
            self_sign(alone, domain, own)
            for place in (authority, alone):
                both(place, domain)


def both(folder: str, domain: str) -> None:
    with open(f"{folder}/{domain}.pem", "w") as file:
        for part in ("crt", "key"):
            with open(f"{folder}/{domain}.{part}") as one:
                file.write(one.read())
