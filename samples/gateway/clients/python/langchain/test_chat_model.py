"""LangChain's own tests of chat models, by its class for OpenAI. Those that fetch pictures and papers from elsewhere are left out."""
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests

from report import BASE_URL, KEY


class TestChatCompletions(ChatModelIntegrationTests):
    """By chat completions."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict:
        return {"model": "gpt-4o-mini", "base_url": BASE_URL, "api_key": KEY, "max_retries": 0, "stream_usage": True}

    @property
    def model_override_value(self) -> str:
        return "gpt-4o"

    @property
    def supports_json_mode(self) -> bool:
        return True


class TestResponses(TestChatCompletions):
    """By responses, nothing of which is stored."""

    @property
    def chat_model_params(self) -> dict:
        return {**super().chat_model_params, "use_responses_api": True, "store": False}
