"""Servers that answer, and clients that ask them: `talk.py serve ADDRESS`, `talk.py ask ADDRESS`."""

import socket
import sys
import threading

TCP = [80, 443, 5432, 22, 8443]
UDP = [53, 123]
REFUSING = 3306
TIMES = 5


def answer_streams(listener):
    while True:
        connection, _ = listener.accept()
        with connection:
            while connection.recv(4096):
                connection.sendall(b"a" * 3000)


def answer_datagrams(bound):
    while True:
        _, sender = bound.recvfrom(4096)
        bound.sendto(b"b" * 100, sender)


def serve(address):
    for port in TCP:
        listener = socket.create_server((address, port))
        threading.Thread(target=answer_streams, args=[listener], daemon=True).start()
    for port in UDP:
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bound.bind((address, port))
        threading.Thread(target=answer_datagrams, args=[bound], daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


def ask(address):
    for _ in range(TIMES):
        for port in TCP:
            with socket.create_connection((address, port)) as connection:
                connection.sendall(b"question")
                connection.recv(3000, socket.MSG_WAITALL)
        for port in UDP:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                asking.sendto(b"question", (address, port))
                asking.recv(4096)
        try:
            socket.create_connection((address, REFUSING))
        except ConnectionRefusedError:
            pass


{"serve": serve, "ask": ask}[sys.argv[1]](sys.argv[2])
