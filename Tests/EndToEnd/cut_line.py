"""A network line between a browser and a box that a test can cut and mend, as Wi-Fi does at the garden's end."""

import selectors
import socket
import threading

CHUNK_BYTES = 64 * 1024


class Line:
    """Listens on 127.0.0.1:`port` and passes everything on to another port. `sent` counts the bytes towards the box."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.sent = 0
        self.cut_after = None
        self.up = True
        self._lock = threading.Lock()
        self._pairs = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """All connections break, and new ones are refused, until `mend`."""
        with self._lock:
            self.up = False
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def mend(self):
        with self._lock:
            self.up = True
            self.cut_after = None

    def close(self):
        self.cut()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self.up:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.target_port), timeout=5)
            except OSError:
                near.close()
                continue
            with self._lock:
                self._pairs.add((near, far))
            threading.Thread(target=self._carry, args=(near, far), daemon=True).start()

    def _carry(self, near, far):
        with selectors.DefaultSelector() as selector:
            selector.register(near, selectors.EVENT_READ, far)
            selector.register(far, selectors.EVENT_READ, near)
            try:
                while True:
                    for key, _ in selector.select():
                        data = key.fileobj.recv(CHUNK_BYTES)
                        if not data:
                            return
                        key.data.sendall(data)
                        if key.fileobj is near:
                            self.sent += len(data)
                            if self.cut_after is not None and self.sent > self.cut_after:
                                self.cut()
            except OSError:
                pass
            finally:
                with self._lock:
                    self._pairs.discard((near, far))
                near.close()
                far.close()
