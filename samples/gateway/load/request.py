"""Prints a chat completions request of about the given number of bytes: python3 request.py 1024 gpt-5-mini"""
import json
import random
import sys

size, model = int(sys.argv[1]), sys.argv[2]
random.seed(7)
words = ("the of and to account card payment transfer balance refund limit exchange rate statement identity bank app "
         "phone top up cash machine fee pending declined currency").split()
text = ""
while len(text) < size - 200:
    text += random.choice(words) + " "
print(json.dumps({"model": model, "messages": [
    {"role": "system", "content": text.strip()},
    {"role": "user", "content": "How do I dispute a card payment that I did not make?"}]}), end="")
