"""Anthropic's Python SDK: calls, streams, tools, thinking, counting, structured output and errors."""
import os

import anthropic
from anthropic import Anthropic
from pydantic import BaseModel

from report import BASE_URL, KEY, PNG, Report, expect

ROOT = os.environ.get("ANTHROPIC_BASE_URL") or BASE_URL.removesuffix("/v1")
client = Anthropic(base_url=ROOT, api_key=KEY, max_retries=0, timeout=60)
MODEL = "claude-sonnet-4"

WEATHER = {"name": "get_weather", "description": "The weather of a city", "input_schema": {
    "type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city", "days"]}}
CLOCK = {"name": "get_time", "description": "The time", "input_schema": {"type": "object", "properties": {}}}


def user(text):
    return [{"role": "user", "content": text}]


def ask(messages, max_tokens=500, model=MODEL, **more):
    raw = client.messages.with_raw_response.create(model=model, max_tokens=max_tokens, messages=messages, **more)
    return raw.parse(), raw.headers.get("x-token-saving-outcome")


def call():
    return ask(user("Hello from Python"))


def call_with_system_blocks():
    return ask(user("Who are you?"), system=[{"type": "text", "text": "Be short."},
                                             {"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}}])


def call_with_every_setting():
    # The newest SDK has no fields of its own for temperature and top_k
    return ask(user("Settings of all kinds"), system="Be short.", stop_sequences=["END"], metadata={"user_id": "ann"},
               service_tier="auto", extra_body={"temperature": 0.3, "top_k": 5})


def call_cut_by_max_tokens():
    answer, outcome = ask(user("Tell me a long story"), max_tokens=3)
    expect(answer.stop_reason == "max_tokens")
    return answer, outcome


def call_of_unicode():
    answer, outcome = ask(user("Grüße, 世界! \U0001f600 \\ \" \u2028 end"))
    expect("世界! \U0001f600" in answer.content[0].text)
    return answer, outcome


def image_and_document():
    answer, outcome = ask([{"role": "user", "content": [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        {"type": "text", "text": "What is it?"},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "A page"}, "title": "T"}]}])
    expect("2 attachments" in answer.content[0].text)
    return answer, outcome


def stream_raw():
    raw = client.messages.with_raw_response.create(model=MODEL, max_tokens=500, messages=user("Stream from Python"), stream=True)
    events = list(raw.parse())
    return {"types": [event.type for event in events], "text": "".join(
        event.delta.text for event in events if event.type == "content_block_delta"),
        "start": [event for event in events if event.type == "message_start"][0].message,
        "delta": [event for event in events if event.type == "message_delta"][0]}, raw.headers.get("x-token-saving-outcome")


def stream_helper():
    with client.messages.stream(model=MODEL, max_tokens=500, messages=user("Stream by the helper")) as events:
        text = "".join(events.text_stream)
        final = events.get_final_message()
    return {"text": text, "final": final}


def stream_of_tools():
    with client.messages.stream(model=MODEL, max_tokens=500, messages=user("The weather in 'Genf' for 5 days, and the time"),
                                tools=[WEATHER, CLOCK]) as events:
        kinds = {event.type for event in events}
        final = events.get_final_message()
    expect([block.type for block in final.content] == ["tool_use", "tool_use"])
    return {"kinds": sorted(kinds), "final": final}


def tool_named_by_the_prompt():
    answer, outcome = ask(user("The weather in 'Bern' for 3 days"), tools=[WEATHER, CLOCK])
    expect(answer.content[0].input == {"city": "Bern", "days": 3} and answer.stop_reason == "tool_use")
    return answer, outcome


def tool_forced():
    return ask(user("Hello, tool"), tools=[WEATHER, CLOCK], tool_choice={"type": "tool", "name": "get_time"})


def tool_any_one_at_a_time():
    return ask(user("The weather in 'Chur' and the time"), tools=[WEATHER, CLOCK],
               tool_choice={"type": "any", "disable_parallel_tool_use": True})


def tool_loop():
    messages = user("The weather in 'Zug' for 1 days")
    first, _ = ask(messages, tools=[WEATHER])
    messages.append({"role": "assistant", "content": first.content})
    messages.append({"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": first.content[0].id, "content": [{"type": "text", "text": "sun"}]}]})
    second, outcome = ask(messages, tools=[WEATHER])
    expect("after a tool" in second.content[0].text)
    return {"first": first, "second": second}, outcome


def thinking():
    answer, outcome = ask(user("Think about it"), max_tokens=3000, thinking={"type": "enabled", "budget_tokens": 1024})
    expect([block.type for block in answer.content] == ["thinking", "text"])
    return answer, outcome


def thinking_streamed():
    with client.messages.stream(model=MODEL, max_tokens=3000, messages=user("Think about it in a stream"),
                                thinking={"type": "enabled", "budget_tokens": 1024}) as events:
        kinds = {event.type for event in events}
        return {"kinds": sorted(kinds), "final": events.get_final_message()}


def thinking_given_back():
    messages = user("Think, then go on")
    first, _ = ask(messages, max_tokens=3000, thinking={"type": "enabled", "budget_tokens": 1024})
    messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": "Go on"}]
    return ask(messages, max_tokens=3000, thinking={"type": "enabled", "budget_tokens": 1024})


class Maths(BaseModel):
    answer: int
    why: str


def structured_output():
    made = client.messages.parse(model=MODEL, max_tokens=500, messages=user("Solve 8 + 7"), output_format=Maths)
    expect(isinstance(made.parsed_output, Maths))
    return made.parsed_output


def tokens_counted():
    return client.messages.count_tokens(model=MODEL, messages=user("Count this"), system="Be short.", tools=[WEATHER])


def models_listed():
    return {"found": MODEL in [one.id for one in client.models.list(limit=100)], "one": client.models.retrieve(MODEL).id}


def failure(action):
    try:
        action()
    except anthropic.APIStatusError as ex:
        return {"class": type(ex).__name__, "status": ex.status_code, "body": ex.body, "has_request_id": bool(ex.request_id)}
    raise AssertionError("no error came")


def error_of_an_unknown_model():
    return failure(lambda: ask(user("Hello"), model="claude-0-unknown"))


def error_of_no_messages():
    return failure(lambda: ask([]))


def error_of_an_unknown_field():
    return failure(lambda: ask(user("Hello"), extra_body={"no_such_field": 1}))


def error_of_a_stream():
    return failure(lambda: list(client.messages.create(model="claude-0-unknown", max_tokens=9, messages=user("Hello"), stream=True)))


def error_of_no_key():
    return failure(lambda: ask(user("Hello"), extra_headers={"x-api-key": "", "Authorization": anthropic.Omit()}))


CASES = [value for name, value in list(globals().items())
         if callable(value) and getattr(value, "__module__", "") == "__main__" and not isinstance(value, type)
         and name not in ("user", "ask", "failure")]

if __name__ == "__main__":
    Report("anthropic-python").run(CASES)
