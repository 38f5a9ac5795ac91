package io.tokensaving.samples.gateway.admin;

import java.io.IOException;
import java.io.InputStream;

import io.swagger.v3.core.util.Json31;
import io.swagger.v3.oas.models.Components;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.parameters.Parameter;
import io.swagger.v3.oas.models.responses.ApiResponse;
import org.jspecify.annotations.Nullable;
import org.springdoc.core.customizers.OpenApiCustomizer;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.ClassPathResource;

/**
 * The OpenAPI document: the controllers' part is read from them, the part of the door,
 * which has no controllers, and all schemas are in a file.
 */
@Configuration(proxyBeanMethods = false)
class OpenApiConfiguration {

	private static final String SCHEMAS = "#/components/";

	@Bean
	OpenApiCustomizer staticPartOfTheDocument() {
		return (document) -> {
			OpenAPI part = read();
			document.setInfo(part.getInfo());
			document.setTags(part.getTags());
			document.setServers(part.getServers());
			document.setSecurity(part.getSecurity());
			Components components = (document.getComponents() != null) ? document.getComponents() : new Components();
			part.getComponents().getSchemas().forEach(components::addSchemas);
			part.getComponents().getResponses().forEach(components::addResponses);
			part.getComponents().getParameters().forEach(components::addParameters);
			part.getComponents().getSecuritySchemes().forEach(components::addSecuritySchemes);
			document.setComponents(components);
			document.getPaths().forEach((path, item) -> {
				boolean plans = path.startsWith("/token-saving");
				item.readOperations().forEach((operation) -> complete(operation, plans));
			});
			part.getPaths().forEach(document.getPaths()::addPathItem);
		};
	}

	private static void complete(Operation operation, boolean ofWorkspace) {
		if (ofWorkspace) {
			operation.addParametersItem(new Parameter().$ref(SCHEMAS + "parameters/Workspace"));
		}
		// 503: the database or Redis does not answer
		for (String status : new String[] { "400", "401", "403", "406", "415", "503" }) {
			if (!operation.getResponses().containsKey(status)) {
				operation.getResponses().addApiResponse(status, new ApiResponse().$ref(SCHEMAS + "responses/Error"));
			}
		}
		operation.getResponses().forEach((status, response) -> {
			if (status.equals("204")) {
				response.setContent(null);
			}
			onlyReferences(response.getContent());
		});
		if (operation.getRequestBody() != null) {
			onlyReferences(operation.getRequestBody().getContent());
		}
	}

	// The generator adds the defaults of the annotation to what is a reference only
	private static void onlyReferences(@Nullable Content content) {
		if (content != null) {
			content.values().forEach((type) -> {
				if (type.getSchema() != null && type.getSchema().get$ref() != null) {
					type.setSchema(new Schema<>().$ref(type.getSchema().get$ref()));
				}
			});
		}
	}

	private static OpenAPI read() {
		try (InputStream document = new ClassPathResource("openapi/static.json").getInputStream()) {
			return Json31.mapper().readValue(document, OpenAPI.class);
		}
		catch (IOException ex) {
			throw new IllegalStateException("The static part of the OpenAPI document cannot be read", ex);
		}
	}

}
