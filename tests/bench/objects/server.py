"""A server of S3 on loopback for the measurements: moto's `moto_server`, or `s3s-fs`, by the name of the program."""
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request

KEYS = {"AWS_ACCESS_KEY_ID": "measure", "AWS_SECRET_ACCESS_KEY": "measure-secret", "AWS_DEFAULT_REGION": "us-east-1"}


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def start(program, folder):
    """The process and its address, with an empty bucket named `bucket`; keys are put into the environment."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    os.environ.update(KEYS)
    if os.path.basename(program).startswith("s3s"):
        os.makedirs(os.path.join(folder, "bucket"), exist_ok=True)
        command = [program, "--host", "127.0.0.1", "--port", str(port), "--access-key", KEYS["AWS_ACCESS_KEY_ID"],
                   "--secret-key", KEYS["AWS_SECRET_ACCESS_KEY"], folder]
    else:
        command = [program, "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    sign = (f"AWS4-HMAC-SHA256 Credential={KEYS['AWS_ACCESS_KEY_ID']}/20250101/us-east-1/s3/aws4_request, "
            "SignedHeaders=host, Signature=0")
    made = urllib.request.Request(f"{endpoint}/bucket", method="PUT", headers={"Authorization": sign})
    for _ in range(300):
        try:
            urllib.request.urlopen(made).close()
            return process, endpoint
        except urllib.error.HTTPError:
            # s3s-fs checks the signature; its bucket is the folder.
            return process, endpoint
        except OSError:
            if process.poll() is not None:
                raise SystemExit(f"{program} ended with {process.returncode}")
            time.sleep(0.1)
    process.kill()
    raise SystemExit(f"{program} does not answer")
