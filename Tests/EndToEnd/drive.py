"""The box as a network drive, as programs see it that know nothing of Matrix: an address, a name and an app password."""

import base64
import http.client
import urllib.parse


class Drive:
    def __init__(self, box, name="anna"):
        self.box = box
        self.name = name
        self.token = box.register(name)["access_token"]
        status, answer = box.request("POST", "/_landline/v1/app_passwords", {"name": "tests"}, token=self.token)
        assert status == 200, answer
        self.password = answer["password"]
        self.url = f"{box.url}/dav/"

    @property
    def authorization(self):
        return "Basic " + base64.b64encode(f"{self.name}:{self.password}".encode()).decode()

    def request(self, method, path, body=None, headers=None, authorized=True):
        """One request below /dav/, with the path as it is given. Returns status, headers (lower-case names) and body."""
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.box.url).netloc, timeout=60)
        try:
            all_headers = {"Authorization": self.authorization} if authorized else {}
            connection.request(method, "/dav/" + path, body, {**all_headers, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()
