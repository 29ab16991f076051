"""What a WSGI server imports: `gunicorn wsgi:app`."""

from labshare import create_app

app = create_app()
