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


def respond(given, model=MODEL, **more):
    """The response to what no provider keeps, with the outcome that a gateway tells in a header."""
    raw = client.responses.with_raw_response.create(model=model, input=given, **{"store": False, **more})
    return raw.parse(), raw.headers.get("x-token-saving-outcome")


def respond_streamed(given, model=MODEL, **more):
    raw = client.responses.with_raw_response.create(model=model, input=given, stream=True, **{"store": False, **more})
    events = list(raw.parse())
    texts, arguments = {}, {}
    for event in events:
        if event.type == "response.output_text.delta":
            texts[str(event.output_index)] = texts.get(str(event.output_index), "") + event.delta
        if event.type == "response.function_call_arguments.delta":
            arguments[str(event.output_index)] = arguments.get(str(event.output_index), "") + event.delta
    return {"types": [event.type for event in events], "kinds": sorted({event.type for event in events}), "texts": texts,
            "arguments": arguments, "last": events[-1].response,
            "items": [event.item for event in events if event.type == "response.output_item.done"],
            "numbers": [event.sequence_number for event in events] == list(range(len(events)))}, raw.headers.get("x-token-saving-outcome")


LOOK_UP = {"type": "function", "name": "get_weather", "description": "The weather of a city", "strict": True,
           "parameters": WEATHER["function"]["parameters"]}
READ_CLOCK = {"type": "function", "name": "get_time", "description": "The time", "parameters": {"type": "object", "properties": {}}, "strict": None}


def response():
    made, outcome = respond("Hello, responses", instructions="Be short")
    expect(made.output_text.startswith("Answer"))
    return made, outcome


def response_with_every_setting():
    return respond("Settings of all kinds, responses", temperature=0.2, top_p=0.9, max_output_tokens=500, metadata={"team": "a"},
                   user="ann", safety_identifier="s1", prompt_cache_key="k1", truncation="auto", parallel_tool_calls=False,
                   service_tier="flex", text={"verbosity": "medium"})


def response_of_another_user():
    """The answer names who asked, so it must be another one."""
    first, _ = respond("The same of two, responses", metadata={"for": "Ann"})
    second, outcome = respond("The same of two, responses", metadata={"for": "Bob"})
    expect(first.metadata == {"for": "Ann"} and second.metadata == {"for": "Bob"})
    return {"first": first, "second": second}, outcome


def response_that_is_kept():
    """What the provider keeps under an id is nobody else's."""
    first, _ = respond("Keep this, responses", store=True)
    second, outcome = respond("Keep this, responses", store=True)
    expect(first.id != second.id)
    usual = client.responses.create(model=MODEL, input="Keep this, responses")
    expect(usual.id not in (first.id, second.id))
    return {"first": first, "second": second, "usual": usual}, outcome


def response_of_items():
    return respond([{"role": "developer", "content": "Be kind."}, {"role": "user", "content": "One?"},
                    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "One."}]},
                    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Gr\u00fc\u00dfe, \U0001f600 \\ \" \u2028"}]}])


def response_of_images():
    made, outcome = respond([{"role": "user", "content": [
        {"type": "input_text", "text": "What is it, responses?"},
        {"type": "input_image", "image_url": "data:image/png;base64," + PNG, "detail": "low"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}]}])
    expect("2 attachments" in made.output_text)
    return made, outcome


def response_cut_by_max_tokens():
    made, outcome = respond("Tell me a very long story about the sea and its many ships and what became of them, responses", max_output_tokens=16)
    expect(made.status == "incomplete" and made.incomplete_details.reason == "max_output_tokens")
    return made, outcome


def response_of_a_reasoner():
    made, outcome = respond("Think about it, responses", model=REASONER, reasoning={"effort": "low", "summary": "auto"})
    expect(made.output[0].type == "reasoning")
    return made, outcome


def response_in_json():
    return respond("Some JSON, responses", text={"format": {"type": "json_object"}})


def response_streamed():
    facts, outcome = respond_streamed("Stream, responses")
    expect(facts["numbers"] and facts["texts"]["0"] == facts["last"].output_text)
    return facts, outcome


def response_streamed_then_called():
    """The same answer, whichever way it is asked for."""
    facts, _ = respond_streamed("Both ways, responses")
    made, outcome = respond("Both ways, responses")
    return {"streamed": facts["last"], "called": made}, outcome


def response_streamed_of_a_reasoner():
    facts, outcome = respond_streamed("Think in a stream, responses", model=REASONER, reasoning={"effort": "low", "summary": "auto"})
    expect("response.reasoning_summary_text.delta" in facts["kinds"])
    return facts, outcome


def response_with_tools_streamed():
    facts, outcome = respond_streamed("Stream the weather in 'Genf' for 5 days, and the time, responses", tools=[LOOK_UP, READ_CLOCK])
    expect(len(facts["arguments"]) == 2)
    return facts, outcome


def response_with_tools():
    given = [{"role": "user", "content": "The weather in 'Visp' for 6 days"}]
    first, _ = respond(given, tools=[LOOK_UP])
    given += [made.model_dump(exclude_none=True) for made in first.output]
    given += [{"type": "function_call_output", "call_id": made.call_id, "output": "sun"} for made in first.output]
    second, outcome = respond(given, tools=[LOOK_UP])
    expect("after a tool" in second.output_text)
    return {"first": first, "second": second}, outcome


def response_with_tools_and_reasoning():
    """Reasoning that only the provider can read goes back with its calls."""
    given = [{"role": "user", "content": "The weather in 'Sion' for 2 days, thoughtfully"}]
    more = {"model": REASONER, "tools": [LOOK_UP], "include": ["reasoning.encrypted_content"], "reasoning": {"effort": "low"}}
    first, _ = respond(given, **more)
    expect([made.type for made in first.output] == ["reasoning", "function_call"] and first.output[0].encrypted_content)
    given += [made.model_dump(exclude_none=True) for made in first.output]
    given += [{"type": "function_call_output", "call_id": first.output[1].call_id, "output": [{"type": "input_text", "text": "sun"}]}]
    second, outcome = respond(given, **more)
    return {"first": first, "second": second}, outcome


def response_tool_forced():
    return respond("Hello, tool, responses", tools=[LOOK_UP, READ_CLOCK], tool_choice={"type": "function", "name": "get_time"})


def response_structured():
    made = client.responses.parse(model=MODEL, input="Solve 6 + 5", text_format=Maths, store=False)
    expect(isinstance(made.output_parsed, Maths))
    return made.output_parsed


def response_structured_streamed():
    with client.responses.stream(model=MODEL, input="Solve 7 + 5 in a stream", text_format=Maths, store=False) as events:
        events.until_done()
        parsed = events.get_final_response().output_parsed
    expect(isinstance(parsed, Maths))
    return parsed


def response_tools_parsed():
    made = client.responses.parse(model=MODEL, input="Some maths of 5, responses", tools=[openai.pydantic_function_tool(Maths)],
                                  tool_choice="required", store=False)
    parsed = made.output[0].parsed_arguments
    expect(isinstance(parsed, Maths))
    return parsed


def response_stream_helper():
    with client.responses.stream(model=MODEL, input="Helped stream, responses", store=False) as events:
        kinds = {event.type for event in events}
        return {"kinds": sorted(kinds), "text": events.get_final_response().output_text}


def response_stream_of_tools_helper():
    with client.responses.stream(model=MODEL, input="The weather in 'Olten' for 4 days, helped", tools=[LOOK_UP], store=False) as events:
        kinds = {event.type for event in events}
        return {"kinds": sorted(kinds), "calls": events.get_final_response().output}


def response_stream_given_up():
    opened = client.responses.create(model=MODEL, input="Given up early, responses", stream=True, store=False)
    first = next(iter(opened))
    opened.close()
    again, outcome = respond("After one was given up, responses")
    return {"first": first.type, "again": again}, outcome


def response_asynchronous():
    async def both():
        async with AsyncOpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0) as other:
            called = await other.responses.create(model=MODEL, input="Asynchronous response", store=False)
            opened = await other.responses.create(model=MODEL, input="Asynchronous stream of a response", stream=True, store=False)
            events = [event async for event in opened]
            many = await asyncio.gather(*[other.responses.create(model=MODEL, input="All at once, responses", store=False) for _ in range(8)])
            return {"called": called, "last": events[-1].response, "texts": sorted({one.output_text for one in many})}

    return asyncio.run(both())


def error_of_a_response_of_an_unknown_model():
    return failure(lambda: respond("Hello", model="gpt-0-unknown"))


def error_of_a_response_with_an_unknown_field():
    return failure(lambda: respond("Hello", extra_body={"no_such_field": 1}))


def error_of_a_response_without_input():
    return failure(lambda: client.responses.create(model=MODEL, store=False))


def error_of_a_response_of_an_unknown_item():
    return failure(lambda: respond([{"type": "of_the_future"}]))


def error_of_a_response_with_a_result_without_call():
    return failure(lambda: respond([{"role": "user", "content": "Hello"}, {"type": "function_call_output", "call_id": "x", "output": "y"}]))


def error_of_a_response_by_its_id():
    """What the provider keeps is not the gateway's to show."""
    for action in (lambda: client.responses.retrieve("resp_none"), lambda: client.responses.delete("resp_none"),
                   lambda: client.responses.cancel("resp_none"), lambda: client.responses.input_items.list("resp_none")):
        told = failure(action)
        expect(told["status"] == 404 and told["body"]["type"] == "invalid_request_error")
    return told["class"]


def error_of_a_streamed_response():
    return failure(lambda: respond_streamed("Hello", model="gpt-0-unknown"))


def error_of_a_response():
    return failure(lambda: client.responses.create(model=MODEL, input="Hello", previous_response_id="resp_none"))


CASES = [value for name, value in list(globals().items())
         if callable(value) and getattr(value, "__module__", "") == "__main__" and not isinstance(value, type)
         and name not in ("user", "chat", "merged", "stream", "failure", "respond", "respond_streamed")]

if __name__ == "__main__":
    Report("openai-python").run(CASES)
