"""A way to a server that a test cuts, refuses and opens again."""

import contextlib
import socket
import threading


class Proxy:
    """Passes what comes to a port of its own on to a server.

    Args:
        port: of the server, on loopback.
    """

    def __init__(self, port):
        self.target = port
        self.connections = 0
        self.passed = 0
        self.open = True
        self.pairs = []
        self.all = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                inner, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                refused = not self.open
            self.all.append(inner)
            if refused:
                inner.close()
                continue
            outer = socket.create_connection(("127.0.0.1", self.target))
            with self.lock:
                self.connections += 1
                self.pairs += [inner, outer]
                self.all.append(outer)
            for here, there in ((inner, outer), (outer, inner)):
                threading.Thread(target=self._pass, args=(here, there), daemon=True).start()

    def _pass(self, here, there):
        with contextlib.suppress(OSError):
            while data := here.recv(65536):
                there.sendall(data)
                with self.lock:
                    self.passed += len(data)
        for one in (here, there):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def cut(self):
        """Break all connections."""
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for one in pairs:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def refuse(self):
        """Break all connections, and let none through."""
        with self.lock:
            self.open = False
        self.cut()

    def admit(self):
        """Let connections through again."""
        with self.lock:
            self.open = True

    def close(self):
        """End it."""
        self.listener.close()
        self.cut()
        for one in self.all:
            one.close()
