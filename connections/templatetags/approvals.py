"""What a member is told about approvals, on any page of an organization."""

from typing import Any

from django import template
from django.template import Context
from django.utils import timezone

from connections.models import ApprovalState
from connections.services import approvals, unanswered
from tenants.scoping import organization_scope

register = template.Library()


@register.inclusion_tag("connections/ask/news.html", takes_context=True)
def approval_news(context: Context) -> dict[str, Any]:
    """
    How the approvals stand that this member waits for: approved (connect now), declined, expired, or "try now". And
    the question whether Microsoft asked for one, after a sign-in that never came back.
    """
    request, now = context["request"], timezone.now()
    organization, membership = request.organization, request.membership
    with organization_scope(organization.pk):
        news = approvals.news_for(organization_id=organization.pk, member_id=membership.pk, now=now)
        offer = unanswered.offer_for(organization_id=organization.pk, member_id=membership.pk, now=now)
    waits = any(asked.state == ApprovalState.WAITING for asked in news)
    return {
        "request": request,
        "slug": organization.slug,
        "news": news,
        "offer": None if waits else offer,
        "csrf_token": context.get("csrf_token"),
        "on_connect_page": request.resolver_match.view_name == "connections:connect",
    }
