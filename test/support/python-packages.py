"""Makes a virtual environment with packages, where its proof is missing: FOLDER PROOF PACKAGE... Test files that want the same one wait for each other."""
import fcntl
import os
import subprocess
import sys
import venv

folder, proof, *packages = sys.argv[1:]
os.makedirs(os.path.dirname(folder), exist_ok=True)
with open(folder + ".lock", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not os.path.exists(proof):
        venv.create(folder, with_pip=True)
        pip = os.path.join(folder, "bin", "pip")
        subprocess.run([pip, "install", "--quiet", *packages], check=True, timeout=240)
        open(proof, "a").close()
