"""OpenAI's Python SDK: what it sees of calls, streams, tools, structured output, errors and the smaller APIs."""
import asyncio

import openai
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from report import BASE_URL, KEY, PNG, Report, expect

client = OpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0, timeout=60)
MODEL = "gpt-4o-mini"
REASONER = "gpt-5-mini"

WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "The weather of a city", "strict": True,
           "parameters": {"type": "object", "additionalProperties": False, "required": ["city", "days"],
                          "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}}}
CLOCK = {"type": "function", "function": {"name": "get_time", "description": "The time",
         "parameters": {"type": "object", "properties": {}}}}


def user(text, **more):
    return [{"role": "user", "content": text, **more}]


def chat(messages, model=MODEL, **more):
    """The answer, with the outcome that a gateway tells in a header."""
    raw = client.chat.completions.with_raw_response.create(model=model, messages=messages, **more)
    return raw.parse(), raw.headers.get("x-token-saving-outcome")


def merged(chunks):
    """What a client makes of a stream, and how it came."""
    choices, usage, usage_frames, empty = {}, None, 0, 0
    for chunk in chunks:
        if chunk.usage is not None:
            usage, usage_frames = chunk.usage, usage_frames + 1
        empty += 0 if chunk.choices else 1
        for part in chunk.choices:
            choice = choices.setdefault(part.index, {"content": "", "role": None, "tools": {}, "finish": [], "logprobs": []})
            choice["role"] = part.delta.role or choice["role"]
            choice["content"] += part.delta.content or ""
            if part.finish_reason:
                choice["finish"].append(part.finish_reason)
            if part.logprobs and part.logprobs.content:
                choice["logprobs"] += [[one.token, one.logprob] for one in part.logprobs.content]
            for call in part.delta.tool_calls or []:
                tool = choice["tools"].setdefault(call.index, {"id": "", "name": "", "arguments": "", "type": None})
                tool["id"] = call.id or tool["id"]
                tool["type"] = call.type or tool["type"]
                tool["name"] += (call.function.name or "") if call.function else ""
                tool["arguments"] += (call.function.arguments or "") if call.function else ""
    return {"choices": {str(key): choices[key] for key in sorted(choices)}, "usage": usage, "usage_frames": usage_frames,
            "frames_without_choices": empty, "frames": len(chunks), "models": sorted({chunk.model for chunk in chunks}),
            "ids": len({chunk.id for chunk in chunks}), "objects": sorted({chunk.object for chunk in chunks}),
            "fingerprints": sorted({str(chunk.system_fingerprint) for chunk in chunks})}


def stream(messages, model=MODEL, **more):
    raw = client.chat.completions.with_raw_response.create(model=model, messages=messages, stream=True, **more)
    return merged(list(raw.parse())), raw.headers.get("x-token-saving-outcome")


def call():
    return chat(user("Hello from Python"))


def call_with_system_and_developer():
    return chat([{"role": "system", "content": "Be short."}, {"role": "developer", "content": "Be kind.", "name": "dev"},
                 {"role": "user", "content": "Who are you?", "name": "Ann"}])


def call_with_every_setting():
    return chat(user("Settings of all kinds"), temperature=0.2, top_p=0.9, presence_penalty=0.5, frequency_penalty=-0.5,
                seed=7, stop=["END", "STOP"], max_completion_tokens=500, logit_bias={"50256": -100}, user="ann",
                metadata={"team": "a"}, store=False, safety_identifier="s1", prompt_cache_key="k1")


def call_of_unicode():
    answer, outcome = chat(user("Grüße, 世界! \U0001f600 \u0000 \\ \" \u2028 end"))
    expect("世界! \U0001f600" in answer.choices[0].message.content)
    return answer, outcome


def call_with_a_long_history():
    messages = [{"role": "system", "content": "Remember all."}]
    for turn in range(8):
        messages += [{"role": "user", "content": "Question %d?" % turn}, {"role": "assistant", "content": "Answer %d." % turn}]
    return chat(messages + user("And the last one?"))


def call_cut_by_max_tokens():
    answer, outcome = chat(user("Tell me a long story"), max_completion_tokens=3)
    expect(answer.choices[0].finish_reason == "length")
    return answer, outcome


def call_of_a_reasoner():
    return chat(user("Think about it"), model=REASONER, reasoning_effort="low", verbosity="low")


def call_with_service_tier():
    return chat(user("Slow and cheap"), service_tier="flex")


def call_with_prediction():
    return chat(user("Predicted"), prediction={"type": "content", "content": "Answer"})


def stream_plain():
    facts, outcome = stream(user("Stream from Python"))
    expect(facts["usage"] is None and facts["frames_without_choices"] == 0)
    return facts, outcome


def stream_with_usage():
    facts, outcome = stream(user("Stream with usage"), stream_options={"include_usage": True})
    expect(facts["usage"] is not None and facts["usage_frames"] == 1)
    return facts, outcome


def stream_helper():
    with client.chat.completions.stream(model=MODEL, messages=user("Stream by the helper")) as events:
        kinds = [event.type for event in events]
        final = events.get_final_completion()
    return {"kinds": sorted(set(kinds)), "final": final}


def stream_of_tools_helper():
    with client.chat.completions.stream(model=MODEL, messages=user("The weather in 'Basel' for 4 days"), tools=[WEATHER]) as events:
        kinds = {event.type for event in events}
        final = events.get_final_completion()
    return {"kinds": sorted(kinds), "calls": final.choices[0].message.tool_calls}


def stream_given_up():
    opened = client.chat.completions.create(model=MODEL, messages=user("Given up early"), stream=True)
    first = next(iter(opened))
    opened.close()
    again, outcome = chat(user("After one was given up"))
    return {"first": first.choices[0].delta, "again": again}, outcome


def several_choices():
    answer, outcome = chat(user("Three of them"), n=3)
    expect(len(answer.choices) == 3)
    return answer, outcome


def several_choices_streamed():
    facts, outcome = stream(user("Three of them, streamed"), n=3, stream_options={"include_usage": True})
    expect(len(facts["choices"]) == 3)
    return facts, outcome


def logprobs():
    answer, outcome = chat(user("How sure are you?"), logprobs=True, top_logprobs=3)
    expect(answer.choices[0].logprobs.content[0].top_logprobs)
    return answer, outcome


def logprobs_streamed():
    facts, outcome = stream(user("How sure are you, in a stream?"), logprobs=True, top_logprobs=2)
    expect(facts["choices"]["0"]["logprobs"])
    return facts, outcome


def image_and_several_parts():
    answer, outcome = chat([{"role": "user", "content": [
        {"type": "text", "text": "First."},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PNG, "detail": "low"}},
        {"type": "text", "text": "Then this:"},
        {"type": "image_url", "image_url": {"url": "https://images.example/two.png"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}}]}])
    expect("3 attachments" in answer.choices[0].message.content)
    return answer, outcome


def tool_named_by_the_prompt():
    answer, outcome = chat(user("What is the weather in 'Bern' for 3 days?"), tools=[WEATHER, CLOCK])
    expect(answer.choices[0].message.tool_calls[0].function.arguments == '{"city":"Bern","days":3}')
    return answer, outcome


def tools_in_parallel():
    answer, outcome = chat(user("The weather in 'Chur' for 2 days, and the time"), tools=[WEATHER, CLOCK])
    expect(len(answer.choices[0].message.tool_calls) == 2)
    return answer, outcome


def tools_one_at_a_time():
    answer, outcome = chat(user("The weather in 'Thun' for 2 days, and the time"), tools=[WEATHER, CLOCK], parallel_tool_calls=False)
    expect(len(answer.choices[0].message.tool_calls) == 1)
    return answer, outcome


def tool_forced():
    return chat(user("Hello, tool"), tools=[WEATHER, CLOCK], tool_choice={"type": "function", "function": {"name": "get_time"}})


def tool_required():
    return chat(user("Hello, any tool"), tools=[WEATHER, CLOCK], tool_choice="required")


def tool_forbidden():
    return chat(user("The weather, but no tool"), tools=[WEATHER, CLOCK], tool_choice="none")


def tools_allowed():
    return chat(user("Some tool"), tools=[WEATHER, CLOCK], tool_choice={"type": "allowed_tools", "allowed_tools": {
        "mode": "required", "tools": [{"type": "function", "function": {"name": "get_time"}}]}})


def tools_streamed():
    facts, outcome = stream(user("Stream the weather in 'Genf' for 5 days, and the time"), tools=[WEATHER, CLOCK],
                            stream_options={"include_usage": True})
    expect(len(facts["choices"]["0"]["tools"]) == 2)
    return facts, outcome


def tool_loop():
    messages = user("The weather in 'Zug' for 1 days")
    first, _ = chat(messages, tools=[WEATHER])
    messages.append(first.choices[0].message)
    for made in first.choices[0].message.tool_calls:
        messages.append({"role": "tool", "tool_call_id": made.id, "content": [{"type": "text", "text": "sun"}]})
    second, outcome = chat(messages, tools=[WEATHER])
    expect("after a tool" in second.choices[0].message.content)
    return {"first": first, "second": second}, outcome


class Step(BaseModel):
    explanation: str
    output: str


class Maths(BaseModel):
    steps: list[Step]
    answer: int


def structured_output():
    answer = client.chat.completions.parse(model=MODEL, messages=user("Solve 8 + 7"), response_format=Maths)
    expect(isinstance(answer.choices[0].message.parsed, Maths))
    return {"content": answer.choices[0].message.content, "usage": answer.usage}


def structured_output_streamed():
    with client.chat.completions.stream(model=MODEL, messages=user("Solve 9 + 7"), response_format=Maths) as events:
        events.until_done()
        parsed = events.get_final_completion().choices[0].message.parsed
    expect(isinstance(parsed, Maths))
    return parsed


def json_mode():
    return chat(user("Some JSON"), response_format={"type": "json_object"})


def tools_parsed():
    answer = client.chat.completions.parse(model=MODEL, messages=user("Some maths of 5"), tools=[openai.pydantic_function_tool(Maths)],
                                           tool_choice="required")
    parsed = answer.choices[0].message.tool_calls[0].function.parsed_arguments
    expect(isinstance(parsed, Maths))
    return parsed


def asynchronous():
    async def both():
        async with AsyncOpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0) as other:
            called = await other.chat.completions.create(model=MODEL, messages=user("Asynchronous call"))
            opened = await other.chat.completions.create(model=MODEL, messages=user("Asynchronous stream"), stream=True)
            chunks = [chunk async for chunk in opened]
            many = await asyncio.gather(*[other.chat.completions.create(model=MODEL, messages=user("All at once")) for _ in range(8)])
            return {"called": called, "streamed": merged(chunks), "texts": sorted({one.choices[0].message.content for one in many})}

    return asyncio.run(both())


def failure(action):
    try:
        action()
    except openai.APIStatusError as ex:
        return {"class": type(ex).__name__, "status": ex.status_code, "body": ex.body, "has_request_id": bool(ex.request_id)}
    raise AssertionError("no error came")


def error_of_an_unknown_model():
    return failure(lambda: chat(user("Hello"), model="gpt-0-unknown"))


def error_of_no_messages():
    return failure(lambda: chat([]))


def error_of_a_wrong_role():
    return failure(lambda: chat([{"role": "nobody", "content": "Hello"}]))


def error_of_an_unknown_field():
    return failure(lambda: chat(user("Hello"), extra_body={"no_such_field": 1}))


def error_of_a_tool_result_without_call():
    return failure(lambda: chat(user("Hello") + [{"role": "tool", "tool_call_id": "x", "content": "y"}]))


def error_of_a_stream():
    return failure(lambda: list(client.chat.completions.create(model="gpt-0-unknown", messages=user("Hello"), stream=True)))


def error_of_no_key():
    return failure(lambda: client.chat.completions.create(model=MODEL, messages=user("Hello"), extra_headers={"Authorization": ""}))


def error_of_a_path():
    return failure(lambda: client.post("/no/such/path", body={}, cast_to=object))


def error_of_a_method():
    return failure(lambda: client.get("/chat/completions", cast_to=object))


def models_listed():
    listed = client.models.list()
    expect(MODEL in [one.id for one in listed.data])
    return {"object": listed.object, "one": [one for one in listed.data if one.id == MODEL][0].model_dump(include={"id", "object", "created"})}


def model_retrieved():
    return client.models.retrieve(MODEL).model_dump(include={"id", "object", "created"})


def error_of_a_model_not_listed():
    return failure(lambda: client.models.retrieve("gpt-0-unknown"))


def embedding():
    made = client.embeddings.create(model="text-embedding-3-small", input="Hello", dimensions=8)
    expect(len(made.data[0].embedding) == 8)
    return made


def embedding_in_floats():
    return client.embeddings.create(model="text-embedding-3-small", input=["Hello", "World"], dimensions=4, encoding_format="float")


def embedding_of_tokens():
    return client.embeddings.create(model="text-embedding-3-large", input=[[1, 2, 3]], dimensions=4)


def error_of_an_empty_embedding():
    return failure(lambda: client.embeddings.create(model="text-embedding-3-small", input=[]))


def completion():
    return client.completions.create(model="gpt-3.5-turbo-instruct", prompt=["One", "Two"], max_tokens=50, logprobs=2, echo=True)


def completion_streamed():
    chunks = list(client.completions.create(model="gpt-3.5-turbo-instruct", prompt="Stream", max_tokens=50, stream=True,
                                            stream_options={"include_usage": True}))
    return {"text": "".join(chunk.choices[0].text for chunk in chunks if chunk.choices), "usage": chunks[-1].usage, "frames": len(chunks)}


def response():
    made = client.responses.create(model=MODEL, instructions="Be short", input="Hello, responses", store=False)
    expect(made.output_text.startswith("Answer"))
    return made


def response_streamed():
    events = list(client.responses.create(model=MODEL, input="Stream, responses", stream=True, store=False))
    return {"types": [event.type for event in events], "last": events[-1].response,
            "numbers": [event.sequence_number for event in events] == list(range(len(events)))}


def response_with_tools():
    tool = {"type": "function", "name": "get_weather", "parameters": WEATHER["function"]["parameters"], "strict": True}
    first = client.responses.create(model=MODEL, input="The weather in 'Visp' for 6 days", tools=[tool], store=False)
    made = first.output[0]
    items = [{"role": "user", "content": "The weather in 'Visp' for 6 days"}, made.model_dump(),
             {"type": "function_call_output", "call_id": made.call_id, "output": "sun"}]
    second = client.responses.create(model=MODEL, input=items, tools=[tool], store=False)
    return {"arguments": made.arguments, "text": second.output_text}


def response_structured():
    made = client.responses.parse(model=MODEL, input="Solve 6 + 5", text_format=Maths, store=False)
    expect(isinstance(made.output_parsed, Maths))
    return made.output_parsed


def response_stream_helper():
    with client.responses.stream(model=MODEL, input="Helped stream, responses", store=False) as events:
        kinds = {event.type for event in events}
        return {"kinds": sorted(kinds), "text": events.get_final_response().output_text}


def error_of_a_response():
    return failure(lambda: client.responses.create(model=MODEL, input="Hello", previous_response_id="resp_none"))


CASES = [value for name, value in list(globals().items())
         if callable(value) and getattr(value, "__module__", "") == "__main__" and not isinstance(value, type)
         and name not in ("user", "chat", "merged", "stream", "failure")]

if __name__ == "__main__":
    Report("openai-python").run(CASES)
