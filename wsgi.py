"""What a WSGI server imports: `gunicorn wsgi:app`."""

from labshare.webserver import application

app = application()
