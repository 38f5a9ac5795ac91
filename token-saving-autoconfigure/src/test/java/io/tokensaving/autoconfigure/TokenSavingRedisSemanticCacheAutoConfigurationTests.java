package io.tokensaving.autoconfigure;

import java.io.IOException;
import java.net.ServerSocket;

import com.google.gson.Gson;
import com.redis.om.spring.annotations.EnableRedisDocumentRepositories;
import io.tokensaving.cache.semantic.redis.RedisSemanticCacheStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.aop.config.AopConfigUtils;
import org.springframework.aop.framework.autoproxy.InfrastructureAdvisorAutoProxyCreator;
import org.springframework.asm.ClassWriter;
import org.springframework.asm.Opcodes;
import org.springframework.beans.factory.annotation.AnnotatedGenericBeanDefinition;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.cache.CacheManager;
import org.springframework.cache.support.NoOpCacheManager;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TokenSavingRedisSemanticCacheAutoConfiguration} and
 * {@link RedisOmAutoConfigurationFilter}.
 */
class TokenSavingRedisSemanticCacheAutoConfigurationTests {

	private static final String[] WITH_PLAN = { "token-saving.plans.a.cache.backend=redis_semantic",
			"spring.data.redis.port=1" };

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class,
				TokenSavingRedisSemanticCacheAutoConfiguration.class));

	private final ApplicationContextRunner withPlan = this.contextRunner.withPropertyValues(WITH_PLAN);

	@Test
	void hasAStoreOnlyIfAPlanSelectsIt() {
		this.withPlan.run((context) -> assertThat(context).hasSingleBean(RedisSemanticCacheStore.class));
		this.contextRunner.run((context) -> assertThat(context).doesNotHaveBean(RedisSemanticCacheStore.class));
		this.withPlan.withPropertyValues("token-saving.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(RedisSemanticCacheStore.class));
		this.withPlan.withClassLoader(new FilteredClassLoader("com.redis.om"))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean("tokenSavingRedisSemanticCacheStore"));
	}

	@Test
	void encryptsIfThereIsAKey() {
		this.withPlan
			.run((context) -> assertThat(context.getBean(RedisSemanticCacheStore.class)).extracting("codec.cipher")
				.isNull());
		this.withPlan.withPropertyValues("token-saving.cache.encryption-key=AAAAAAAAAAAAAAAAAAAAAA==")
			.run((context) -> assertThat(context.getBean(RedisSemanticCacheStore.class)).extracting("codec.cipher")
				.isNotNull());
		this.withPlan.withPropertyValues("token-saving.cache.encryption-key=c2hvcnQ=")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(InvalidSecretException.class)
				.hasMessageContaining("token-saving.cache.encryption-key")
				.hasMessageNotContaining("c2hvcnQ="));
	}

	@Test
	void usersStoreWins() {
		this.withPlan
			.withBean("own", RedisSemanticCacheStore.class,
					() -> new RedisSemanticCacheStore(new JedisConnectionFactory()))
			.run((context) -> assertThat(context).hasSingleBean(RedisSemanticCacheStore.class).hasBean("own"));
	}

	@ParameterizedTest
	@CsvSource({ "spring.data.redis.cluster.nodes, host:1", "spring.data.redis.database, 1",
			"spring.data.redis.masterreplica.nodes, host:1" })
	void refusesWhatCannotBeSearched(String property, String value) {
		this.withPlan.withPropertyValues(property + "=" + value)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class,
						(ex) -> assertThat(ex.getName()).isEqualTo(property)));
	}

	@Test
	void applicationStaysItsOwnWithRedisOmOnTheClassPath() {
		new ApplicationContextRunner().withUserConfiguration(Application.class)
			.withPropertyValues(WITH_PLAN)
			.withPropertyValues("spring.data.redis.client-type=lettuce")
			.run((context) -> {
				assertThat(context).hasNotFailed().hasSingleBean(RedisSemanticCacheStore.class);
				assertThat(context).getBean(RedisConnectionFactory.class).isInstanceOf(LettuceConnectionFactory.class);
				assertThat(context.getBeanNamesForType(RedisConnectionFactory.class)).hasSize(1);
				assertThat(context).getBean(CacheManager.class).isInstanceOf(NoOpCacheManager.class);
				assertThat(context).getBean(Gson.class).isSameAs(context.getBean(Application.class).gson);
				// What Spring Boot has without AspectJ
				assertThat(context).getBean(AopConfigUtils.AUTO_PROXY_CREATOR_BEAN_NAME)
					.isExactlyInstanceOf(InfrastructureAdvisorAutoProxyCreator.class);
				assertThat(context.getBeanDefinitionNames()).noneMatch((name) -> context.getType(name) != null
						&& context.getType(name).getName().startsWith("com.redis.om"));
			});
	}

	// As the documentation says to have it: without AspectJ, which is not on this class
	// path
	@Test
	void anApplicationWithoutSuchAPlanStartsWithRedisOmOnTheClassPath() {
		new ApplicationContextRunner().withUserConfiguration(Application.class)
			.withPropertyValues("token-saving.plans.a.cache.backend=in_memory", "spring.data.redis.port=1",
					"spring.data.redis.client-type=lettuce")
			.run((context) -> {
				assertThat(context).hasNotFailed().doesNotHaveBean(RedisSemanticCacheStore.class);
				assertThat(context).getBean(RedisConnectionFactory.class).isInstanceOf(LettuceConnectionFactory.class);
				assertThat(context.getBeanDefinitionNames()).noneMatch((name) -> context.getType(name) != null
						&& context.getType(name).getName().startsWith("com.redis.om"));
			});
	}

	@Test
	void redisOmStaysOnForAnApplicationThatUsesItOrHasNoSuchPlan() {
		String name = "com.redis.om.spring.RedisModulesConfiguration";
		MockEnvironment environment = new MockEnvironment();
		DefaultListableBeanFactory beanFactory = new DefaultListableBeanFactory();
		RedisOmAutoConfigurationFilter filter = new RedisOmAutoConfigurationFilter();
		filter.setEnvironment(environment);
		filter.setBeanFactory(beanFactory);
		filter.setBeanClassLoader(new ClassLoader(getClass().getClassLoader()) {

			@Override
			protected Class<?> findClass(String name) throws ClassNotFoundException {
				if (!name.equals("org.aspectj.lang.annotation.Pointcut")) {
					throw new ClassNotFoundException(name);
				}
				ClassWriter aspectj = new ClassWriter(0);
				aspectj.visit(Opcodes.V17, Opcodes.ACC_PUBLIC | Opcodes.ACC_ABSTRACT, name.replace('.', '/'), null,
						"java/lang/Object", null);
				byte[] bytes = aspectj.toByteArray();
				return defineClass(name, bytes, 0, bytes.length);
			}

		});
		String[] candidates = { name, null, "other.AutoConfiguration" };
		assertThat(filter.match(candidates, null)).containsExactly(true, true, true);
		environment.setProperty("token-saving.plans.a.cache.backend", "redis_semantic");
		assertThat(filter.match(candidates, null)).containsExactly(false, true, true);
		beanFactory.registerBeanDefinition("app", new AnnotatedGenericBeanDefinition(UsesRepositories.class));
		assertThat(filter.match(candidates, null)).containsExactly(true, true, true);
	}

	@Test
	void serverWithoutTheModuleStopsTheApplication() throws IOException {
		try (ServerSocket socket = new ServerSocket(0)) {
			Thread server = new Thread(() -> answerAll(socket));
			server.setDaemon(true);
			server.start();
			this.withPlan.withPropertyValues("spring.data.redis.port=" + socket.getLocalPort())
				.run((context) -> assertThat(context).getFailure().rootCause().hasMessageContaining("unknown command"));
		}
	}

	private static void answerAll(ServerSocket socket) {
		while (!socket.isClosed()) {
			try (var client = socket.accept()) {
				byte[] buffer = new byte[4096];
				while (client.getInputStream().read(buffer) >= 0) {
					String commands = new String(buffer);
					int count = Math.max(1, commands.split("SETINFO", -1).length - 1);
					client.getOutputStream()
						.write(commands.contains("FT._LIST") ? "-ERR unknown command 'FT._LIST'\r\n".getBytes()
								: "+OK\r\n".repeat(count).getBytes());
				}
			}
			catch (IOException ex) {
				// The test is over or the client has gone
			}
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		private final Gson gson = new Gson();

		@Bean
		Gson applicationGson() {
			return this.gson;
		}

		@Bean
		CacheManager applicationCacheManager() {
			return new NoOpCacheManager();
		}

	}

	@EnableRedisDocumentRepositories
	static class UsesRepositories {

	}

}
