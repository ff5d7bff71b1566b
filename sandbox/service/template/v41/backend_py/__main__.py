"""`python -m backend_py`: serve until told to stop."""

from backend_py.server import serve
from backend_py.settings import load

serve(load())
