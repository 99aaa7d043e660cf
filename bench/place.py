"""Where the measured servers keep their files, the certificate they share, and the accounts they have."""

import os
import pwd
import resource
import shutil
import subprocess

ROOT = os.environ.get("CASTLING_BENCH", "/tmp/castling-bench")
CERT, KEY = f"{ROOT}/cert/cert.pem", f"{ROOT}/cert/key.pem"
DOMAIN = "localhost"
ACCOUNTS = 10_500
PASSWORD = b"pass"
OPEN_FILES = 65_536
# One salt for all where the server lets us choose, so that the generator computes PBKDF2 once.
SALT = b"one-salt-for-all"


def accounts(count: int = ACCOUNTS):
    return (f"user{number}" for number in range(count))


def raise_limits() -> None:
    """10,000 sessions need as many open files in the server and in the generator."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if 0 <= soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def empty(folder: str) -> str:
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def give(folder: str, user: str) -> None:
    """Hands a folder and all below it to the user that a server runs as."""
    owner = pwd.getpwnam(user)
    for path, _, files in os.walk(folder):
        for entry in [path, *(os.path.join(path, file) for file in files)]:
            os.chown(entry, owner.pw_uid, owner.pw_gid)


def certificate() -> None:
    """A throw-away certificate for loopback, readable by every server's user."""
    if os.path.exists(f"{ROOT}/cert/both.pem"):
        return
    os.makedirs(f"{ROOT}/cert", exist_ok=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "3650", "-subj", f"/CN={DOMAIN}", "-addext", f"subjectAltName=DNS:{DOMAIN}",
                    "-keyout", KEY, "-out", CERT], check=True, capture_output=True)
    write(f"{ROOT}/cert/both.pem", open(CERT).read() + open(KEY).read())
    for file in os.scandir(f"{ROOT}/cert"):
        os.chmod(file.path, 0o644)
    os.chmod(ROOT, 0o755), os.chmod(f"{ROOT}/cert", 0o755)
