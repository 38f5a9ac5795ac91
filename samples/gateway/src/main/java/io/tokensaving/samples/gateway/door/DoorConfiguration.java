package io.tokensaving.samples.gateway.door;

import java.util.ArrayList;
import java.util.List;

import io.micrometer.core.instrument.MeterRegistry;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.plan.WorkspaceResolver;
import io.tokensaving.samples.gateway.key.KeyGuard;
import io.tokensaving.samples.gateway.upstream.ModelCatalog;
import io.tokensaving.samples.gateway.upstream.UpstreamClient;
import io.tokensaving.samples.gateway.upstream.Upstreams;
import io.tokensaving.samples.gateway.wire.GatewayDialect;
import io.tokensaving.samples.gateway.wire.WireFormat;
import io.tokensaving.samples.gateway.wire.WireOptions;

import org.springframework.ai.chat.client.advisor.ChatModelCallAdvisor;
import org.springframework.ai.chat.client.advisor.ChatModelStreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.thread.Threading;
import org.springframework.boot.tomcat.autoconfigure.TomcatServerProperties;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.AbstractFilterRegistrationBean;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/**
 * Wires formats, upstreams, keys and the advisors of the library into the door.
 */
@Configuration(proxyBeanMethods = false)
class DoorConfiguration {

	private static final String DISPATCHER_SERVLET = "dispatcherServlet";

	private static final int MAX_KEPT_THREADS = 20;

	// Buffers of both connections, the request, and what is kept of its stream
	private static final int BYTES_PER_REQUEST = 256 * 1024;

	@Bean
	GatewayDialect gatewayDialect() {
		return new GatewayDialect();
	}

	@Bean
	WorkspaceResolver workspaceResolver(@Value("${token-saving.workspace:default}") String workspace) {
		return (request) -> (request.prompt().getOptions() instanceof WireOptions options
				&& options.getCaller() != null) ? options.getCaller().workspace() : workspace;
	}

	@Bean
	ClientWatch clientWatch(DoorProperties properties) {
		return new ClientWatch(properties.watchInterval());
	}

	@Bean
	Drain drain(DoorProperties properties, ClientWatch watch) {
		return new Drain(properties.drainDelay(), watch);
	}

	@Bean
	SmartLifecycle drainBefore(Drain drain) {
		return drain.before();
	}

	@Bean
	SmartLifecycle drainAfter(Drain drain) {
		return drain.after();
	}

	@Bean
	ServletRegistrationBean<DoorServlet> door(DoorProperties properties, KeyGuard guard,
			ObjectProvider<WireFormat> formats, Upstreams upstreams, UpstreamClient client,
			TokenSavingAdvisors advisors, ChatModel chatModel, PlanRepository plans, ClientWatch watch, Drain drain,
			MeterRegistry registry, Environment environment, TomcatServerProperties tomcat,
			@Value("${token-saving.default-plan:}") String defaultPlan) {
		List<Advisor> chain = new ArrayList<>(advisors.toList());
		chain.add(ChatModelCallAdvisor.builder().chatModel(chatModel).build());
		chain.add(ChatModelStreamAdvisor.builder().chatModel(chatModel).build());
		Parameters parameters = new Parameters(plans, properties.unknownPlan() == DoorProperties.UnknownPlan.REFUSE,
				defaultPlan.isBlank() ? null : defaultPlan);
		Conversations conversations = new Conversations(AdvisorChain.of(chain), parameters, upstreams, watch,
				properties);
		PassThrough passThrough = new PassThrough(guard, parameters, upstreams, client, watch);
		DoorServlet servlet = new DoorServlet(guard, formats.orderedStream().toList(),
				new RequestBody((int) properties.maxBodySize().toBytes(), properties.bodyTimeout().toNanos(),
						Runtime.getRuntime().maxMemory() / 2),
				conversations, passThrough, new Models(new ModelCatalog(upstreams, client)),
				new Cors(properties.cors().origins()), new DoorMetrics(registry), drain,
				maxRunning(Threading.VIRTUAL.isActive(environment) ? Integer.MAX_VALUE : tomcat.getThreads().getMax(),
						Runtime.getRuntime().maxMemory()));
		ServletRegistrationBean<DoorServlet> registration = new ServletRegistrationBean<>(servlet, "/v1/*",
				"/openai/v1/*", "/chat/completions");
		registration.setName("gatewayDoor");
		registration.setLoadOnStartup(1);
		return registration;
	}

	/**
	 * Return how many requests of clients may run at once: as many as half of the heap
	 * holds, and as there are threads but some, which are kept for {@code /ready} and for
	 * administrators.
	 * @param threads how many threads there are
	 * @param heap the size of the heap in bytes
	 * @return how many
	 */
	static int maxRunning(int threads, long heap) {
		long free = Math.max(1, threads - (long) Math.max(1, Math.min(MAX_KEPT_THREADS, threads / 10)));
		return (int) Math.min(free, Math.max(1, heap / 2 / BYTES_PER_REQUEST));
	}

	@Bean
	ServletRegistrationBean<HealthServlet> health(ApplicationAvailability availability, Drain drain) {
		ServletRegistrationBean<HealthServlet> registration = new ServletRegistrationBean<>(
				new HealthServlet(availability, drain), "/health", "/ready");
		registration.setName("gatewayHealth");
		return registration;
	}

	/**
	 * Filters such as those of Spring Security stand before all that is served by MVC,
	 * which is all but the door. It checks keys itself, and would wait for them with
	 * every answer from the cache.
	 */
	@Bean
	static BeanPostProcessor filtersOfDispatcherServlet() {
		return new BeanPostProcessor() {

			@Override
			public Object postProcessBeforeInitialization(Object bean, String name) {
				if (bean instanceof AbstractFilterRegistrationBean<?> filter && filter.getUrlPatterns().isEmpty()
						&& filter.getServletNames().isEmpty() && filter.getServletRegistrationBeans().isEmpty()) {
					filter.setServletNames(List.of(DISPATCHER_SERVLET));
				}
				return bean;
			}

		};
	}

	@Bean
	WebServerFactoryCustomizer<TomcatServletWebServerFactory> connections() {
		return (factory) -> {
			factory.setProtocol(WatchedHttpProtocol.class.getName());
			factory.addEngineValves(new ConnectionValve());
			factory
				.addContextCustomizers((context) -> context.getParent().getPipeline().addValve(new JsonErrorValve()));
			// A client that waits for leave to send a body is told first if it has none
			factory.addConnectorCustomizers((connector) -> connector.setProperty("continueResponseTiming", "onRead"));
		};
	}

}
