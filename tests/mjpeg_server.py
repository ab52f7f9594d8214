"""A network camera for tests: real HTTP, real JPEG, and it misbehaves when told to."""

import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image


def red_jpeg(width: int = 320, height: int = 240) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (220, 20, 20)).save(buffer, "JPEG")
    return buffer.getvalue()


class MjpegServer:
    """Serves ``/stream`` on a port of its own; ``say`` changes what is sent from the next frame on."""

    def __init__(self, port: int = 0, password: str | None = None) -> None:
        self.mode = "good"
        self.lengths = True
        self.stopping = threading.Event()
        self.authorization: str | None = None
        self.requests = 0
        self._changed = threading.Condition()
        self._frames = 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_args: object) -> None:
                pass

            def do_GET(self) -> None:
                server.requests += 1
                server.authorization = self.headers["Authorization"]
                if password is not None and not server.authorization:
                    self.send_error(401)
                elif self.path == "/page":
                    self.send_response(200)
                    self.send_header("Content-Type", "text/html")
                    self.end_headers()
                elif self.path != "/stream":
                    self.send_error(404)
                else:
                    server.stream(self)

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that goes away in the middle of a frame is no error of the server's."""

        self._http = Server(("127.0.0.1", port), Handler)
        self.port = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/stream"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def stream(self, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        handler.end_headers()
        while not self.stopping.wait(0.02):
            content = {
                "good": red_jpeg(),
                "small": red_jpeg(160, 120),
                "corrupt": red_jpeg()[:400] + b"\0" * 50,
                "hung": b"",
            }[self.mode]
            if self.mode == "hung":
                continue
            length = f"Content-Length: {len(content)}\r\n" if self.lengths else ""
            head = f"--frame\r\nContent-Type: image/jpeg\r\n{length}\r\n"
            handler.wfile.write(head.encode() + content + b"\r\n")
            with self._changed:
                self._frames += 1
                self._changed.notify_all()

    def wait_for_frames(self, count: int) -> None:
        """Wait until ``count`` further frames are sent."""
        with self._changed:
            goal = self._frames + count
            assert self._changed.wait_for(lambda: self._frames >= goal, 30)

    def close(self) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def __enter__(self) -> "MjpegServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
