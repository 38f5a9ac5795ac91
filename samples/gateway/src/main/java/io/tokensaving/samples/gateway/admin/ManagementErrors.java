package io.tokensaving.samples.gateway.admin;

import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.web.error.ErrorAttributeOptions;
import org.springframework.boot.webmvc.error.DefaultErrorAttributes;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;

/**
 * Answers errors of the management API in one shape, those of Spring MVC included.
 */
@RestControllerAdvice
final class ManagementErrors extends ResponseEntityExceptionHandler {

	@ExceptionHandler
	ResponseEntity<Object> invalidRequest(InvalidRequestException ex) {
		return respond(HttpStatus.BAD_REQUEST, new HttpHeaders(), ex.body());
	}

	@Override
	protected ResponseEntity<Object> handleExceptionInternal(Exception ex, @Nullable Object body, HttpHeaders headers,
			HttpStatusCode status, WebRequest request) {
		HttpStatus known = HttpStatus.resolve(status.value());
		return respond(status, headers,
				ErrorBody.of((known != null) ? known.getReasonPhrase() : "Status " + status.value()));
	}

	private static ResponseEntity<Object> respond(HttpStatusCode status, HttpHeaders headers, ErrorBody body) {
		return ResponseEntity.status(status).headers(headers).contentType(MediaType.APPLICATION_JSON).body(body);
	}

	/**
	 * Errors that reach no controller, such as an address that the firewall refuses.
	 */
	static final class Attributes extends DefaultErrorAttributes {

		@Override
		public Map<String, @Nullable Object> getErrorAttributes(WebRequest request, ErrorAttributeOptions options) {
			Object reason = super.getErrorAttributes(request, options).get("error");
			return Map.of("error", String.valueOf(reason));
		}

	}

}
