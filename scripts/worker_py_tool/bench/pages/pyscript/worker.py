import worker_py
