"""Runs a command on a terminal of its own: terminal.py ROWS COLUMNS COMMAND...

Its output comes on standard output as it is. Standard input takes a JSON object a line: {"type": TEXT}, {"resize": [ROWS, COLUMNS]} or {"signal": NUMBER}.
Ends with the command's exit code, 128 and the signal's number where one ended it.
"""
import fcntl, json, os, pty, select, struct, sys, termios


def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


pid, terminal = pty.fork()
if pid == 0:
    resize(0, int(sys.argv[1]), int(sys.argv[2]))
    os.execvp(sys.argv[3], sys.argv[3:])

orders = b""
watched = [0, terminal]
while True:
    ready, _, _ = select.select(watched, [], [])
    if terminal in ready:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        os.write(1, data)
    if 0 in ready:
        data = os.read(0, 65536)
        if not data:
            watched.remove(0)
        orders += data
        *lines, orders = orders.split(b"\n")
        for order in map(json.loads, lines):
            if "type" in order:
                os.write(terminal, order["type"].encode())
            if "resize" in order:
                resize(terminal, *order["resize"])
            if "signal" in order:
                os.kill(pid, order["signal"])

_, status = os.waitpid(pid, 0)
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
